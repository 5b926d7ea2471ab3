//! Partner files say how long their partner's answers are fresh; the store of prices is told.

use std::sync::Arc;
use std::time::Duration;

use partners::{PartnerSet, Registry};
use prices::freshness::{Freshness, FreshnessSettings};
use prices::store::PriceStore;
use runtime::Shutdown;

/// How often the partners are looked at; their files are read about as often.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Keeps the rules of a store in step with the partner files.
pub(crate) async fn follow(
    store: Arc<PriceStore>,
    everybody: FreshnessSettings,
    registry: Arc<Registry>,
    shutdown: Shutdown,
) {
    let mut known = None;
    loop {
        known = Some(look(&store, &everybody, &registry, known));
        tokio::select! {
            biased;
            () = shutdown.begun() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Tells the store if the partners are not those of a known version; their version.
fn look(
    store: &PriceStore,
    everybody: &FreshnessSettings,
    registry: &Registry,
    known: Option<u64>,
) -> u64 {
    let partners = registry.snapshot();
    if known != Some(partners.version()) {
        store.set_freshness(rules(everybody, &partners));
    }
    partners.version()
}

/// The rules of everybody, and of partners whose files say something else.
fn rules(everybody: &FreshnessSettings, partners: &PartnerSet) -> Freshness {
    let mut rules = Freshness::new(everybody.clone());
    for partner in partners.partners() {
        let (id, own) = (partner.settings().id, &partner.settings().freshness);
        if *own == partners::FreshnessOverrides::default() {
            continue;
        }
        let settings = FreshnessSettings {
            this_week_minutes: own.this_week_minutes.unwrap_or(everybody.this_week_minutes),
            this_month_minutes: own.this_month_minutes.unwrap_or(everybody.this_month_minutes),
            later_minutes: own.later_minutes.unwrap_or(everybody.later_minutes),
            no_flights_minutes: own.no_flights_minutes.unwrap_or(everybody.no_flights_minutes),
            click_out_minutes: own.click_out_minutes.unwrap_or(everybody.click_out_minutes),
            changed_per_mille: own.changed_per_mille.unwrap_or(everybody.changed_per_mille),
        };
        rules = rules.with_partner(id, settings);
    }
    rules
}

#[cfg(test)]
mod tests {
    use domain::PartnerId;
    use partners::asker::AskerParts;
    use partners::{Asker, AskerSettings};
    use prices::store::StoreSettings;
    use runtime::TaskSet;

    use super::*;

    const MINUTE_MS: i64 = 60_000;

    fn file(freshness: &str) -> String {
        format!(
            "id = \"quick\"\nname = \"Quick\"\nprotocol = \"fareway\"\n\
             endpoint = \"http://127.0.0.1:1\"\n\
             [[agents]]\nid = \"quick\"\nname = \"Quick\"\nkind = \"airline\"\n{freshness}"
        )
    }

    /// Minutes after which a price of a partner may not be bought any more.
    fn minutes(store: &PriceStore, partner: &'static str) -> i64 {
        let partner = PartnerId::literal(partner);
        (1..).find(|&age| !store.may_be_bought(partner, 0, age * MINUTE_MS)).unwrap()
    }

    #[tokio::test]
    async fn what_a_partner_file_says_counts_for_it_alone_and_until_the_file_says_otherwise() {
        let asker = Asker::new(AskerParts {
            settings: AskerSettings::default(),
            decimals: crate::platform::minor_digits,
            workers: None,
            tasks: TaskSet::default(),
            shutdown: Shutdown::default(),
        });
        let registry = Registry::open(None, asker.unwrap());
        let store = PriceStore::new(StoreSettings::default(), Freshness::default());
        let everybody = FreshnessSettings::default();
        let mut known = None;
        for (own, quick) in [("click_out_minutes = 3", 3), ("click_out_minutes = 20", 20), ("", 10)]
        {
            registry.register_toml("quick", &file(&format!("[freshness]\n{own}\n"))).unwrap();
            known = Some(look(&store, &everybody, &registry, known));
            assert_eq!((minutes(&store, "quick"), minutes(&store, "other")), (quick, 10), "{own}");
        }
    }
}
