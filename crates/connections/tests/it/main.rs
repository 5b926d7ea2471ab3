//! The crate from outside: compared with a plain search of all sequences of flights, and at the
//! edges of its rules.

#[cfg(test)]
mod edges;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod random;
#[cfg(test)]
mod weekly;
#[cfg(test)]
mod world;
