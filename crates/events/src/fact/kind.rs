//! What a kind of fact is.

/// What a stream of facts promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Acknowledged when it is durable, counted exactly once in the tables, visible within a minute: what
    /// is paid for.
    Gold,
    /// Written at least once, counted once in the tables, visible within five minutes.
    Silver,
    /// As good as it goes: sampled and shed first when there is too much, and counted when dropped.
    Bronze,
}

impl Profile {
    /// All, the strictest first.
    pub const ALL: [Self; 3] = [Self::Gold, Self::Silver, Self::Bronze];

    /// Name in schemas and settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gold => "gold",
            Self::Silver => "silver",
            Self::Bronze => "bronze",
        }
    }

    /// The topic of the log where such facts stand.
    #[must_use]
    pub const fn topic(self) -> &'static str {
        match self {
            Self::Gold => "facts-gold",
            Self::Silver => "facts-silver",
            Self::Bronze => "facts-bronze",
        }
    }
}

/// Whom a fact tells of. No kind asks for personal data: no name, address or number of a person or device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Privacy {
    /// Of the service only.
    Service,
    /// Of what somebody did during a visit: it is deleted with the visit.
    Visit,
    /// What others said, as they said it: it may hold anything, so it stays where it is and no table has it.
    Unchecked,
}

impl Privacy {
    /// Name in schemas.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Visit => "visit",
            Self::Unchecked => "unchecked",
        }
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// 128 bits; in JSON 32 hexadecimal digits.
    Id,
    /// UTF-8 of at most so many bytes.
    Text(usize),
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// A finite number.
    Number,
    /// Whether or not.
    Flag,
    /// A day; in JSON as `2027-03-09`.
    Day,
    /// Milliseconds since 1970 UTC; in JSON a whole number.
    Time,
}

/// Whole numbers from 0.
pub(crate) const COUNT: Holds = Holds::Whole(0, i64::MAX);

/// One field of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name: small letters and `_`.
    pub name: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether every fact has it.
    pub needed: bool,
    /// The version of the kind that brought it.
    pub since: u16,
}

/// A kind of fact.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its number, never given to another.
    pub number: u16,
    /// Its name: small letters and `_`; the name of its table.
    pub name: &'static str,
    /// How often fields were added, from 1.
    pub version: u16,
    /// What happened.
    pub doc: &'static str,
    /// The team that answers for it.
    pub owner: &'static str,
    /// What its stream promises.
    pub profile: Profile,
    /// Whom it tells of.
    pub privacy: Privacy,
    /// Its fields, after those of every fact.
    pub fields: &'static [Field],
}

impl Kind {
    /// Names kind and version on the log.
    #[must_use]
    pub const fn schema_id(&self) -> u32 {
        (self.number as u32) << 16 | self.version as u32
    }

    /// All fields, those of every fact first.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        ENVELOPE.iter().chain(self.fields)
    }
}

/// Fields of every fact.
pub(crate) const ENVELOPE: &[Field] = &[
    Field {
        name: "id",
        doc: "The fact. Two with the same id are one that was written twice.",
        holds: Holds::Id,
        needed: true,
        since: 1,
    },
    Field {
        name: "happened",
        doc: "When it happened, by the clock of where it did.",
        holds: Holds::Time,
        needed: true,
        since: 1,
    },
    Field {
        name: "received",
        doc: "When the cell that wrote it heard of it.",
        holds: Holds::Time,
        needed: true,
        since: 1,
    },
    Field {
        name: "visit",
        doc: "The visit it belongs to: a keyed hash, so that nobody without the key can tell whose.",
        holds: Holds::Id,
        needed: false,
        since: 1,
    },
];
