//! The few flags that xtask takes.

use anyhow::{Result, bail};

/// A flag without a value, one with a list, or anything else.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) only: Vec<String>,
    pub(crate) skip: Vec<String>,
    pub(crate) all: bool,
    pub(crate) list: bool,
}

/// Parses the flags of `cargo xtask test`.
pub(crate) fn parse(arguments: &[String]) -> Result<Arguments> {
    let mut parsed = Arguments::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (argument.as_str(), None),
        };
        match flag {
            "--all" => parsed.all = true,
            "--list" => parsed.list = true,
            "--only" | "--skip" => {
                let Some(names) = value.or_else(|| rest.next().map(String::as_str)) else {
                    bail!("{flag} needs names of suites");
                };
                let names = names.split(',').map(str::to_owned);
                if flag == "--only" { parsed.only.extend(names) } else { parsed.skip.extend(names) }
            }
            _ => bail!("no argument `{argument}` here; --help lists them"),
        }
    }
    Ok(parsed)
}

/// For commands that take nothing.
pub(crate) fn none(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        None => Ok(()),
        Some(first) => bail!("no argument `{first}` here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Arguments> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn names_come_after_a_blank_or_an_equals_sign() {
        let parsed = of("--only fmt,tidy --skip=fuzz --all").unwrap();
        assert_eq!(parsed.only, ["fmt", "tidy"]);
        assert_eq!(parsed.skip, ["fuzz"]);
        assert!(parsed.all && !parsed.list);
    }

    #[test]
    fn an_unknown_flag_or_a_flag_without_its_names_is_refused() {
        assert!(of("--fast").is_err());
        assert!(of("--only").is_err());
    }
}
