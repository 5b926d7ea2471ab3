//! All kinds of facts. A new kind, or a new field, is added here and nowhere else.
//!
//! A kind is written as it reads in the tables. Its number and the names of its fields are never changed or
//! given to another; a new field is an `Option`, stands last, and raises the version.

use domain::Date;

use super::column::{Held, Value};
use super::kind::{COUNT, Field, Holds, Kind, Privacy, Profile};
use super::rows::Fact;

/// Milliseconds that something took: up to an hour.
const MS: Holds = Holds::Whole(0, 3_600_000);

/// Defines structs, kinds and the list of kinds.
macro_rules! kinds {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident<$life:lifetime> = $number:literal $table:literal version $version:literal,
        $profile:ident, $privacy:ident, of $owner:literal {
            $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty = $holds:expr, since $since:literal;)+
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, PartialEq)]
            pub struct $name<$life> {
                $($(#[doc = $field_doc])+ pub $field: $type,)+
            }

            impl<$life> Fact for $name<$life> {
                const KIND: &'static Kind = &Kind {
                    number: $number,
                    name: $table,
                    version: $version,
                    doc: concat!($($doc,)+).trim_ascii_start(),
                    owner: $owner,
                    profile: Profile::$profile,
                    privacy: Privacy::$privacy,
                    fields: &[$(Field {
                        name: stringify!($field),
                        doc: concat!($($field_doc,)+).trim_ascii_start(),
                        holds: $holds,
                        needed: <$type as Held<$life>>::NEEDED,
                        since: $since,
                    },)+],
                };

                fn each<E>(
                    &self,
                    mut take: impl FnMut(usize, Value<'_>) -> Result<(), E>,
                ) -> Result<(), E> {
                    let values = [$(self.$field.value(),)+];
                    values.into_iter().enumerate().try_for_each(|(at, value)| take(at, value))
                }
            }
        )+

        /// All kinds, by number.
        pub const ALL: &[&Kind] = &[$(<$name<'static> as Fact>::KIND,)+];
    };
}

kinds! {
    /// A traveller began a search, or asked again for one that was gone.
    SearchCreated<'a> = 1 "search_created" version 1, Silver, Visit, of "search" {
        /// The search.
        search: u128 = Holds::Id, since 1;
        /// The question that it asks; equal searches ask the same one.
        question: u128 = Holds::Id, since 1;
        /// Where the first leg begins: the IATA code of an airport or city.
        origin: &'a str = Holds::Text(3), since 1;
        /// Where the first leg ends.
        destination: &'a str = Holds::Text(3), since 1;
        /// The day of the first leg.
        departs: Date = Holds::Day, since 1;
        /// The day of the last leg, if there is more than one.
        returns: Option<Date> = Holds::Day, since 1;
        /// Legs.
        legs: u32 = Holds::Whole(1, 6), since 1;
        /// Adults.
        adults: u32 = Holds::Whole(1, 8), since 1;
        /// Children with a seat.
        children: u32 = Holds::Whole(0, 8), since 1;
        /// Infants on a lap.
        infants: u32 = Holds::Whole(0, 8), since 1;
        /// The cabin: `economy`, `premium_economy`, `business` or `first`.
        cabin: &'a str = Holds::Text(16), since 1;
        /// The market: a country of ISO 3166.
        market: &'a str = Holds::Text(2), since 1;
        /// The currency that prices are shown in.
        currency: &'a str = Holds::Text(3), since 1;
        /// The language they are shown in.
        locale: &'a str = Holds::Text(16), since 1;
        /// Whether airports nearby count too.
        nearby: bool = Holds::Flag, since 1;
        /// Whether the same question was being asked already.
        shared: bool = Holds::Flag, since 1;
    }

    /// Partners were asked one question, and all have answered, failed or were too late.
    FanOutEnded<'a> = 2 "fan_out_ended" version 1, Silver, Service, of "search" {
        /// The question.
        question: u128 = Holds::Id, since 1;
        /// `complete`, or `failed` if nobody had anything to say.
        status: &'a str = Holds::Text(16), since 1;
        /// How long it took, in milliseconds.
        took_ms: u32 = MS, since 1;
        /// Partners that were asked.
        asked: u32 = COUNT, since 1;
        /// Partners whose answers were remembered, so that they were not asked.
        remembered: u32 = COUNT, since 1;
        /// Partners that failed or were too late.
        failed: u32 = COUNT, since 1;
        /// Offers that came.
        offers: u32 = COUNT, since 1;
    }

    /// A partner was asked, and answered, failed or was too late.
    PartnerCall<'a> = 3 "partner_call" version 1, Silver, Service, of "partners" {
        /// The question.
        question: u128 = Holds::Id, since 1;
        /// The partner.
        partner: &'a str = Holds::Text(32), since 1;
        /// How long it took, in milliseconds.
        took_ms: u32 = MS, since 1;
        /// Offers that came.
        offers: u32 = COUNT, since 1;
        /// Why it gave nothing, or not everything.
        fault: Option<&'a str> = Holds::Text(48), since 1;
    }

    /// A traveller was led to a seller; machines that name themselves, what is fetched ahead and who only looks
    /// where it leads do not count.
    ClickOut<'a> = 4 "click_out" version 1, Gold, Visit, of "sellers" {
        /// The search.
        search: u128 = Holds::Id, since 1;
        /// The itinerary.
        itinerary: u128 = Holds::Id, since 1;
        /// The seller.
        agent: &'a str = Holds::Text(16), since 1;
        /// The price in minor units, as the partner quoted it; none if it named none.
        minor: Option<i64> = Holds::Whole(0, i64::MAX), since 1;
        /// Its currency.
        currency: Option<&'a str> = Holds::Text(3), since 1;
        /// Whether the price was another one when it was shown.
        changed: bool = Holds::Flag, since 1;
        /// The market: a country of ISO 3166.
        market: &'a str = Holds::Text(2), since 1;
    }

    /// A browser showed a page.
    PageShown<'a> = 5 "page_shown" version 1, Bronze, Visit, of "web" {
        /// The page: `search`, `results`, `explore` and so on, without what stands in its address.
        page: &'a str = Holds::Text(32), since 1;
        /// The language it is shown in.
        locale: &'a str = Holds::Text(16), since 1;
        /// The market: a country of ISO 3166.
        market: Option<&'a str> = Holds::Text(2), since 1;
        /// Width of the window in CSS pixels.
        width: Option<u32> = Holds::Whole(0, 100_000), since 1;
    }

    /// How long a page took, as its browser measured it.
    PageTiming<'a> = 6 "page_timing" version 1, Bronze, Visit, of "web" {
        /// The page.
        page: &'a str = Holds::Text(32), since 1;
        /// What was measured: `ttfb`, `fcp`, `lcp`, `inp`, or `first_offers` from the search to its first offers.
        metric: &'a str = Holds::Text(16), since 1;
        /// How long it took, in milliseconds.
        ms: f64 = Holds::Number, since 1;
    }

    /// Something of a page failed in a browser.
    PageFailed<'a> = 7 "page_failed" version 1, Bronze, Visit, of "web" {
        /// The page.
        page: &'a str = Holds::Text(32), since 1;
        /// The name of the error.
        error: &'a str = Holds::Text(64), since 1;
        /// The file of ours where it was.
        file: Option<&'a str> = Holds::Text(64), since 1;
        /// The line there.
        line: Option<u32> = Holds::Whole(0, 10_000_000), since 1;
    }

    /// A fact that others sent does not fit: nothing but this says so.
    FactRefused<'a> = 8 "fact_refused" version 1, Silver, Unchecked, of "facts" {
        /// Who sent it: `browser` or `server`.
        sender: &'a str = Holds::Text(16), since 1;
        /// The field that is wrong.
        field: &'a str = Holds::Text(64), since 1;
        /// What is wrong with it.
        sentence: &'a str = Holds::Text(256), since 1;
        /// What was said; the front of it if it was long.
        said: &'a str = Holds::Text(4096), since 1;
    }
}

/// The kind with a number.
#[must_use]
pub fn of_number(number: u16) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.number == number)
}

/// The kind with a name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.name == name)
}
