//! Who may do what only the operator may: the header `x-fareway-operator` holds the token that the
//! first start wrote into the data folder.

use std::fmt;

use http::{HeaderMap, HeaderName, StatusCode};

use crate::refusal::Refusal;

/// The header.
pub const OPERATOR_HEADER: HeaderName = HeaderName::from_static("x-fareway-operator");

/// The operator's token; without one nobody is the operator.
#[derive(Clone, Default)]
pub struct OperatorToken(Option<String>);

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken")
    }
}

impl OperatorToken {
    /// The token as 64 hexadecimal digits, as the file has it.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Some(secret.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Whether a request comes from the operator.
    #[must_use]
    pub fn opens(&self, headers: &HeaderMap) -> bool {
        self.check(headers).is_ok()
    }

    /// Checks the header of a request.
    ///
    /// # Errors
    /// [`Refusal`] with 401 without the header, 403 with another token.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(sent) = headers.get(OPERATOR_HEADER) else {
            let sentence = "the header x-fareway-operator must hold the operator token";
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "operator_required", sentence));
        };
        let known = self.0.as_deref().unwrap_or_default();
        if !known.is_empty() && same(sent.as_bytes(), known.as_bytes()) {
            return Ok(());
        }
        let sentence = "this is not the operator token";
        Err(Refusal::new(StatusCode::FORBIDDEN, "operator_wrong", sentence))
    }
}

/// Compares in a time that says nothing about where texts differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_token_of_the_file_opens() {
        let token = OperatorToken::new([0xA5; 32]);
        let with = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            HeaderMap::from_iter([(OPERATOR_HEADER, value)])
        };
        let status = |token: &OperatorToken, headers: &HeaderMap| {
            token.check(headers).map_err(|refusal| refusal.status().as_u16())
        };
        assert_eq!(status(&token, &with(&"a5".repeat(32))), Ok(()));
        assert_eq!(status(&token, &with(&"a6".repeat(32))), Err(403));
        assert_eq!(status(&token, &with("a5")), Err(403));
        assert_eq!(status(&token, &HeaderMap::new()), Err(401));
        assert_eq!(status(&OperatorToken::default(), &with("")), Err(403));
    }
}
