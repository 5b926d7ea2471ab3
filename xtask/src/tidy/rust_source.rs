//! Rust source without its comments and texts.
//!
//! In: a source file. Out: the same lines and columns with every comment, string and character
//! literal replaced by blanks, so that a word search finds code only. No parser: it knows just
//! enough of the lexical rules (nested comments, raw strings, lifetimes) to tell code from text.

/// Blanks out comments and literals; line breaks stay.
pub(super) fn code_only(source: &str) -> String {
    let mut rest = source;
    let mut code = String::with_capacity(source.len());
    while let Some(first) = rest.chars().next() {
        let starts_word = !code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = literal_or_comment(rest, starts_word);
        match length {
            Some(length) => {
                let (text, after) = rest.split_at(length);
                code.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
                rest = after;
            }
            None => {
                code.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    code
}

/// The length of the comment or literal that `rest` starts with.
fn literal_or_comment(rest: &str, starts_word: bool) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if rest.starts_with('"') {
        return Some(quoted(rest, 1));
    }
    if starts_word {
        for prefix in ["br", "cr", "r"] {
            if let Some(length) = raw_string(rest, prefix) {
                return Some(length);
            }
        }
        if rest.starts_with("b\"") || rest.starts_with("c\"") {
            return Some(quoted(rest, 2));
        }
        if rest.starts_with("b'") {
            return character(&rest[1..]).map(|length| length + 1);
        }
    }
    if rest.starts_with('\'') { character(rest) } else { None }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = rest[at..].find(['/', '*']) {
        at += found;
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// A literal with escapes; `open` is the length of its opening.
fn quoted(rest: &str, open: usize) -> usize {
    let mut escaped = false;
    for (at, c) in rest[open..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return open + at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string(rest: &str, prefix: &str) -> Option<usize> {
    let after = rest.strip_prefix(prefix)?;
    let body = after.trim_start_matches('#');
    let hashes = after.len() - body.len();
    let text = body.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let open = prefix.len() + hashes + 1;
    Some(text.find(&close).map_or(rest.len(), |at| open + at + close.len()))
}

/// `'x'` or `'\n'`, but not the lifetime `'a`.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest[1..].char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next()?;
        return chars.find(|&(_, c)| c == '\'').map(|(at, _)| at + 2);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(at + 2)
}

/// The 1-based lines on which `word` stands as a whole word.
pub(super) fn lines_with_word(code: &str, word: &str) -> Vec<usize> {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let stands_alone = |line: &str, at: usize| {
        !is_part(line[..at].chars().next_back()) && !is_part(line[at + word.len()..].chars().next())
    };
    let has = |line: &str| line.match_indices(word).any(|(at, _)| stands_alone(line, at));
    code.lines().enumerate().filter(|(_, line)| has(line)).map(|(index, _)| index + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_become_blanks() {
        for (source, expected) in [
            ("a // unsafe\nb", "a _________\nb"),
            ("a /* x /* y */ z */ b", "a _________________ b"),
            (r#"f("un\"safe") + 1"#, "f(__________) + 1"),
            (r##"r#"a"b"# + c"##, "________ + c"),
            ("b\"x\" c\"y\" br\"z\" end", "____ ____ _____ end"),
            ("'x' '\\n' '\\'' b'\"' end", "___ ____ ____ ____ end"),
            ("'\\u{1F600}' end", "___________ end"),
        ] {
            assert_eq!(code_only(source), expected.replace('_', " "), "{source}");
        }
    }

    #[test]
    fn lifetimes_and_words_that_end_in_r_are_code() {
        for source in ["fn f<'a>(x: &'a str) {}", "for_(\u{61})", "impl<'de> X<'de> for Y {}"] {
            assert_eq!(code_only(source), source);
        }
    }

    #[test]
    fn an_unfinished_literal_reaches_to_the_end() {
        assert_eq!(code_only("a \"b\nc"), "a   \n ");
        assert_eq!(code_only("a /* b"), "a     ");
    }

    #[test]
    fn only_whole_words_are_found() {
        assert_eq!(
            lines_with_word("unsafe {\nunsafe_code\nnot_unsafe\n(unsafe)", "unsafe"),
            [1, 4]
        );
    }
}
