//! One line: plain ones are read straight into values, in one pass and without a copy.
//!
//! [`read`] knows what programs write: an object whose first field is the kind, texts without escapes, whole
//! numbers and plain decimals, each field once. Anything else, right or wrong, is for [`read_slowly`], which
//! has the last word. A property test holds one against the other.

use serde_json::{Map, Value as Json};

use super::super::column::Value;
use super::super::id::{ID_EXPECTED, read_id};
use super::super::kind::{Field, Holds, Kind};
use super::super::kinds;
use super::super::lines::Unfit;

/// The field that names the kind.
pub(super) const KIND: &str = "kind";

/// What every line may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The place of the kind in [`kinds::ALL`].
    pub(super) at: usize,
    pub(super) id: Option<u128>,
    pub(super) happened_ms: Option<i64>,
    pub(super) visit: Option<u128>,
}

/// Reads a plain line; its values stand in the order of the kind's fields. `None` says nothing about it.
pub(super) fn read<'a>(
    line: &'a str,
    last: Option<usize>,
    values: &mut Vec<Value<'a>>,
) -> Option<Head> {
    let mut cursor = Cursor { line, at: 0 };
    cursor.eat(b'{')?;
    if cursor.name()? != KIND {
        return None;
    }
    let name = cursor.text()?;
    let at = last.filter(|&at| kinds::ALL[at].name == name).or_else(|| Kind::place_of(name))?;
    let fields = kinds::ALL[at].fields;
    let mut head = Head { at, ..Head::default() };
    values.clear();
    values.resize(fields.len(), Value::Absent);
    // One bit a field that was there: those of every line above those of the kind.
    let (mut seen, mut next) = (0_u64, 0);
    loop {
        match cursor.next()? {
            b'}' => break,
            b',' => {}
            _ => return None,
        }
        let name = cursor.name()?;
        let bit = match place(fields, name, next) {
            Some(field) => {
                values[field] = cursor.value(&fields[field])?;
                next = field + 1;
                field
            }
            None => {
                let (slot, bit) = match name {
                    "id" => (&mut head.id, 61),
                    "visit" => (&mut head.visit, 62),
                    "happened" => {
                        head.happened_ms = Some(cursor.whole()?);
                        seen = once(seen, 63)?;
                        continue;
                    }
                    _ => return None,
                };
                *slot = Some(read_id(cursor.text()?)?);
                bit
            }
        };
        seen = once(seen, bit)?;
    }
    cursor.is_at_end().then_some(head)
}

/// Marks a field; `None` if it was there already.
fn once(seen: u64, bit: usize) -> Option<u64> {
    let bit = 1_u64.checked_shl(bit as u32)?;
    (seen & bit == 0).then_some(seen | bit)
}

/// Where a field stands: most often behind the one before.
fn place(fields: &[Field], name: &str, next: usize) -> Option<usize> {
    match fields.get(next) {
        Some(field) if field.name == name => Some(next),
        _ => fields.iter().position(|field| field.name == name),
    }
}

struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The next byte that is no blank, consumed.
    fn next(&mut self) -> Option<u8> {
        loop {
            let &byte = self.line.as_bytes().get(self.at)?;
            self.at += 1;
            if byte != b' ' {
                return Some(byte);
            }
        }
    }

    fn eat(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn is_at_end(&self) -> bool {
        self.at == self.line.len()
    }

    fn name(&mut self) -> Option<&'a str> {
        let name = self.text()?;
        self.eat(b':')?;
        Some(name)
    }

    /// A text without escapes.
    fn text(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let start = self.at;
        let rest = &self.line.as_bytes()[start..];
        let length = rest.iter().position(|&byte| STOPS[byte as usize])?;
        self.at = start + length + 1;
        // Both ends stand beside a quote.
        if rest[length] == b'"' { self.line.get(start..start + length) } else { None }
    }

    /// The characters of a plain value, up to what ends it.
    fn plain(&mut self) -> Option<&'a str> {
        while self.line.as_bytes().get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        let rest = &self.line[self.at..];
        let length = rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b' '))?;
        self.at += length;
        rest.get(..length)
    }

    fn whole(&mut self) -> Option<i64> {
        let text = self.plain()?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        is_whole(digits).then(|| text.parse().ok()).flatten()
    }

    fn number(&mut self) -> Option<f64> {
        let text = self.plain()?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let decimal = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (is_whole(whole) && decimal).then(|| text.parse().ok()).flatten()
    }

    fn value(&mut self, field: &Field) -> Option<Value<'a>> {
        let value = match field.holds {
            Holds::Id => Value::Id(read_id(self.text()?)?),
            Holds::Text(_) => Value::Text(self.text()?),
            Holds::Whole(..) => Value::Whole(self.whole()?),
            Holds::Number => Value::Number(self.number()?),
            Holds::Flag => match self.plain()? {
                "true" => Value::Flag(true),
                "false" => Value::Flag(false),
                _ => return None,
            },
            Holds::Day => Value::Day(self.text()?.parse().ok()?),
            Holds::Time => Value::Time(self.whole()?),
        };
        Some(value)
    }
}

/// Digits of a whole number as JSON has it.
fn is_whole(digits: &str) -> bool {
    let leads = digits.len() == 1 || !digits.starts_with('0');
    !digits.is_empty() && leads && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Bytes that end a plain stretch of a text: a quote, a backslash, a control character.
static STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        stops[byte] = true;
        byte += 1;
    }
    stops[b'"' as usize] = true;
    stops[b'\\' as usize] = true;
    stops
};

/// Reads any line; what is left is the fields of the kind.
///
/// # Errors
/// [`Unfit`] naming what is wrong with what every line may say.
pub(super) fn read_slowly(line: &str) -> Result<(Head, Map<String, Json>), Unfit> {
    let mut says: Map<String, Json> = serde_json::from_str(line)
        .map_err(|error| Unfit::new("line", format!("must be a JSON object: {error}")))?;
    let name = match says.remove(KIND) {
        Some(Json::String(name)) => name,
        Some(_) => return Err(Unfit::new(KIND, "must be a text")),
        None => return Err(Unfit::new(KIND, "is required")),
    };
    let at = Kind::place_of(&name)
        .ok_or_else(|| Unfit::new(KIND, "is none of those that are known here"))?;
    let mut id = |name: &str| match says.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if read_id(&text).is_some() => Ok(read_id(&text)),
        Some(_) => Err(Unfit::new(name, ID_EXPECTED)),
    };
    let (id, visit) = (id("id")?, id("visit")?);
    let happened_ms = match says.remove("happened") {
        None | Some(Json::Null) => None,
        Some(json) => {
            let wrong = || Unfit::new("happened", Holds::Time.expected());
            Some(json.as_i64().ok_or_else(wrong)?)
        }
    };
    Ok((Head { at, id, happened_ms, visit }, says))
}
