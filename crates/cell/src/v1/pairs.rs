//! The parameters of a `/v1` query: each once, decoded, none unknown.
//!
//! A parameter that is misspelt, sent twice or sent where it means nothing would otherwise be an answer
//! to another question than the one meant. Limits: [`PAIRS_MAX`]; the query's bytes are limited before
//! it gets here.

use std::borrow::Cow;

use crate::refusal::Refusal;

/// Parameters of one query.
const PAIRS_MAX: usize = 32;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    pub(super) name: &'a str,
    pub(super) value: Cow<'a, str>,
}

/// The parameters of a query, in their order.
///
/// # Errors
/// [`Refusal`] naming a parameter that comes twice or is no text, and for too many.
pub(super) fn pairs(query: Option<&str>) -> Result<Vec<Pair<'_>>, Refusal> {
    let mut found: Vec<Pair<'_>> = Vec::new();
    for text in query.unwrap_or_default().split('&').filter(|text| !text.is_empty()) {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        if found.iter().any(|known| known.name == name) {
            return Err(wrong(name, "is there twice"));
        }
        if found.len() == PAIRS_MAX {
            return Err(wrong(name, "is one parameter too many"));
        }
        let value = decoded(value).ok_or_else(|| wrong(name, "is not UTF-8"))?;
        found.push(Pair { name, value });
    }
    Ok(found)
}

/// Refuses every parameter, where none means anything.
///
/// # Errors
/// [`Refusal`] naming the first parameter.
pub(crate) fn none(query: Option<&str>) -> Result<(), Refusal> {
    pairs(query)?.first().map_or(Ok(()), |pair| Err(unknown(pair.name)))
}

/// The refusal of a parameter that means nothing here.
pub(super) fn unknown(name: &str) -> Refusal {
    wrong(name, "is not a known parameter")
}

/// The refusal of a parameter.
pub(super) fn wrong(name: &str, sentence: &str) -> Refusal {
    // The name comes from the caller: only what could be a name is repeated, and of that a little.
    let could_be = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    let name: String = name.chars().filter(could_be).take(32).collect();
    Refusal::field(name, sentence)
}

/// A value as it was meant; `None` if it is not UTF-8.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('+') {
        return percent_encoding::percent_decode_str(value).decode_utf8().ok();
    }
    let plain = value.replace('+', " ");
    let value = percent_encoding::percent_decode_str(&plain).decode_utf8().ok()?;
    Some(Cow::Owned(value.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> Option<String> {
        pairs(Some(query)).err().and_then(|refusal| refusal.field_name().map(str::to_owned))
    }

    #[test]
    fn values_are_decoded_and_keep_their_order() {
        let read = pairs(Some("b=1%2C2&&a=x+y%2Bz&c&d=")).unwrap();
        let read: Vec<_> = read.iter().map(|pair| (pair.name, &*pair.value)).collect();
        assert_eq!(read, [("b", "1,2"), ("a", "x y+z"), ("c", ""), ("d", "")]);
        assert_eq!(pairs(None), Ok(vec![]));
    }

    #[test]
    fn what_comes_twice_or_is_no_text_or_too_many_is_refused_by_name() {
        assert_eq!(refused("sort=best&limit=1&sort=best").as_deref(), Some("sort"));
        assert_eq!(refused("term=%FF").as_deref(), Some("term"));
        let many: String = (0..40).map(|number| format!("p{number}=1&")).collect();
        assert_eq!(refused(&many).as_deref(), Some("p32"));
    }

    #[test]
    fn where_no_parameter_means_anything_each_is_refused() {
        assert_eq!(none(None), Ok(()));
        assert_eq!(none(Some("")), Ok(()));
        let field = |query| none(Some(query)).unwrap_err().field_name().map(str::to_owned);
        assert_eq!(field("colour=red").as_deref(), Some("colour"));
        let long = format!("<script>{}=1", "x".repeat(5_000));
        assert_eq!(field(&long).map(|name| name.len()), Some(32));
    }
}
