//! Reads the embedded tables: one header line, then fields separated by `|`; `#` starts a remark.

use std::str::FromStr;

/// The rows of a table as arrays of `N` fields; rows with another number of fields are left out.
pub(crate) fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    separated(text, '|')
}

/// The same with commas.
pub(crate) fn comma_rows<const N: usize>(
    text: &'static str,
) -> impl Iterator<Item = [&'static str; N]> {
    separated(text, ',')
}

fn separated<const N: usize>(
    text: &'static str,
    separator: char,
) -> impl Iterator<Item = [&'static str; N]> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(move |line| {
        let mut fields = [""; N];
        let mut parts = line.split(separator);
        for field in &mut fields {
            *field = parts.next()?;
        }
        parts.next().is_none().then_some(fields)
    })
}

/// The value of a field, `None` if it is empty or not one.
pub(crate) fn field<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// Rows a table has, for tests: lines without remarks and header.
#[cfg(test)]
pub(crate) fn count(text: &str) -> usize {
    text.lines().filter(|line| !line.starts_with('#')).count() - 1
}
