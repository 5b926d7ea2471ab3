//! What all worlds share, made once: the market, its partners' files, and questions with all that may be
//! said to them.

use std::sync::OnceLock;

use bytes::Bytes;
use domain::{
    Cabin, CityCode, CountryCode, Date, LegRequest, PartnerId, Place, Question, SearchRequest,
    Travellers,
};
use partners::ProtocolKind;
use runtime::FixedMap;
use sandbox::{FaultPlan, Market, MarketSettings, Seller};
use serde_json::json;

use crate::market::PartnerFiles;

/// The market's host and port, as its partners' files name them.
pub(super) const MARKET: &str = "market";
pub(super) const MARKET_PORT: u16 = 9_000;
/// Partners take a share of their usual time, so that most answer within a search's.
const LATENCY: f64 = 0.4;
/// Partners of each protocol.
const OF_EACH: usize = 4;
/// Cities that trips begin and end at.
const CITIES: [&str; 6] = ["LON", "NYC", "PAR", "ROM", "MAD", "BER"];
/// Days of departure, counted from the first day of a world.
const DAYS: [i32; 3] = [20, 60, 150];

/// (itinerary, agent, brand) → all prices (amount, currency) that partners ask.
pub(super) type Offers = FixedMap<(String, String, String), Vec<(String, String)>>;

/// A question, and what may be said to it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) body: Bytes,
    pub(super) offers: Offers,
}

/// What all worlds share.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) market: Market,
    pub(super) files: PartnerFiles,
    pub(super) questions: Vec<Asked>,
}

impl Ground {
    /// Made at the first call.
    pub(super) fn get() -> &'static Self {
        static GROUND: OnceLock<Ground> = OnceLock::new();
        GROUND.get_or_init(Self::make)
    }

    fn make() -> Self {
        let base_url = format!("http://{MARKET}:{MARKET_PORT}");
        let settings = MarketSettings { latency_scale: LATENCY, ..MarketSettings::default() };
        let market = Market::generate(1, settings).unwrap().at(&base_url);
        let sellers = chosen(&market);
        let ids: Vec<PartnerId> = sellers.iter().map(|seller| seller.id).collect();
        let named =
            |(name, _): &(String, String)| ids.iter().any(|id| *name == format!("{id}.toml"));
        let files = market.partner_files(&base_url).into_iter().filter(named).collect();
        let questions = requests().map(|request| ask(&market, &ids, &request)).collect();
        Self { market, files, questions }
    }
}

/// Agencies that sell in Britain, a few of each protocol.
fn chosen(market: &Market) -> Vec<&Seller> {
    let britain = CountryCode::literal("GB");
    let here = |seller: &&Seller| {
        let markets = seller.markets.as_ref();
        !seller.is_airline() && markets.is_none_or(|markets| markets.contains(&britain))
    };
    let kinds = [ProtocolKind::Fareway, ProtocolKind::Duffel, ProtocolKind::Amadeus];
    let of = |kind| {
        let sellers = market.sellers().iter().filter(here);
        sellers.filter(move |seller| seller.protocol == kind).take(OF_EACH)
    };
    kinds.into_iter().flat_map(of).collect()
}

fn requests() -> impl Iterator<Item = SearchRequest> {
    let today = Date::from_days((runtime::unix_ms() / 86_400_000) as i32);
    let pairs = CITIES.iter().flat_map(|from| CITIES.iter().map(move |to| (from, to)));
    let trips = pairs.filter(|(from, to)| from != to);
    let place = |city: &str| Place::City(city.parse::<CityCode>().unwrap());
    trips.flat_map(move |(from, to)| {
        DAYS.into_iter().map(move |day| SearchRequest {
            legs: vec![LegRequest {
                origin: place(from),
                destination: place(to),
                date: today.plus_days(day),
            }],
            cabin: Cabin::Economy,
            travellers: Travellers::one_adult(),
            market: CountryCode::literal("GB"),
            nearby: false,
        })
    })
}

fn ask(market: &Market, partners: &[PartnerId], request: &SearchRequest) -> Asked {
    let question =
        Question::normalise(request, |place, nearby| atlas::atlas().resolve(place, nearby));
    let truth = market.truth_for(partners, &question.unwrap(), &FaultPlan::none());
    let mut offers = Offers::default();
    for answer in truth.partners.iter().map(|partner| &partner.answer) {
        for offer in answer.offers() {
            let key = format!("{:032x}", answer.keys()[offer.itinerary as usize].0);
            let money = offer.price.expect("the market prices everything");
            let decimals = atlas::atlas().currency(money.currency).unwrap().decimals;
            let price = (money.to_decimal(decimals), money.currency.to_string());
            let brand = answer.text(offer.brand).to_owned();
            offers.entry((key, offer.agent.to_string(), brand)).or_default().push(price);
        }
    }
    let Place::City(from) = request.legs[0].origin else { panic!("cities only") };
    let Place::City(to) = request.legs[0].destination else { panic!("cities only") };
    let body = json!({
        "legs": [{"origin": format!("city:{from}"), "destination": format!("city:{to}"),
                  "date": request.legs[0].date.to_string()}],
        "adults": 1, "market": "GB", "locale": "en-GB", "currency": "GBP",
    });
    Asked { body: body.to_string().into(), offers }
}
