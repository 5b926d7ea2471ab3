"""PyPI `skyscanner-b2b` 1.0.0 against our v3 paths.

Its `search_create` refuses a dict body by a bug of its own, so a search is created by plain HTTP
and polled through the client.
"""

import time

import requests
from skyscanner_b2b import SkyscannerB2b
from skyscanner_b2b.models.autosuggest_flights_request import (
    AutosuggestFlightsRequest,
    AutosuggestFlightsRequestQuery,
)
from skyscanner_b2b.models.hierarchy_flights_nearest_request import (
    HierarchyFlightsNearestRequest,
    Locator,
)

from sentences import Sentences, day_ahead

POLLS_MAX = 60


def check(url: str, sentences: Sentences) -> None:
    client = SkyscannerB2b(api_key="any-key", base_url=url)
    sentences.check("skyscanner-b2b polls a search to its end", lambda: polls(client, url))
    sentences.check("skyscanner-b2b polls with the first token again", lambda: old_token(client, url))
    sentences.check("skyscanner-b2b lists carriers", lambda: carriers(client))
    sentences.check("skyscanner-b2b suggests places", lambda: suggests(client))
    sentences.check("skyscanner-b2b reads markets, locales and currencies", lambda: culture(client))
    sentences.check("skyscanner-b2b reads the hierarchy of places", lambda: hierarchy(client))
    sentences.check("skyscanner-b2b is told of a forged token", lambda: forged(client))


def create(url: str, days: int) -> dict:
    date = day_ahead(days)
    query = {
        "market": "UK",
        "locale": "en-GB",
        "currency": "GBP",
        "queryLegs": [
            {
                "originPlaceId": {"iata": "EDI"},
                "destinationPlaceId": {"iata": "SIN"},
                "date": {"year": date.year, "month": date.month, "day": date.day},
            }
        ],
        "cabinClass": "CABIN_CLASS_ECONOMY",
        "adults": 1,
    }
    answer = requests.post(
        f"{url}/apiservices/v3/flights/live/search/create",
        json={"query": query},
        headers={"x-api-key": "any-key"},
        timeout=30,
    )
    assert answer.status_code == 200, (answer.status_code, answer.text)
    return answer.json()


def poll_to_end(client: SkyscannerB2b, token: str) -> dict:
    content = None
    for _ in range(POLLS_MAX):
        reply = client.flights_live_prices.search_poll(token)
        assert set(reply) == {"sessionToken", "status", "action", "content"}, sorted(reply)
        assert reply["sessionToken"], "a poll without a token"
        if reply["action"] == "RESULT_ACTION_REPLACED":
            content = reply["content"]
        token = reply["sessionToken"]
        if reply["status"] == "RESULT_STATUS_COMPLETE":
            assert content is not None, "complete without content"
            return content
        assert reply["status"] == "RESULT_STATUS_INCOMPLETE", reply["status"]
        time.sleep(0.3)
    raise AssertionError(f"not complete after {POLLS_MAX} polls")


def polls(client: SkyscannerB2b, url: str) -> None:
    created = create(url, 90)
    content = poll_to_end(client, created["sessionToken"])
    results = content["results"]
    assert results["itineraries"], "no itineraries"
    missing = set(created["content"]["results"]["itineraries"]) - set(results["itineraries"])
    assert not missing, f"what create showed is gone: {missing}"
    for name, itinerary in results["itineraries"].items():
        check_itinerary(name, itinerary, results)
    for order in ("best", "cheapest", "fastest"):
        listed = [entry["itineraryId"] for entry in content["sortingOptions"][order]]
        assert sorted(listed) == sorted(results["itineraries"]), f"{order} does not list them all"


def check_itinerary(name: str, itinerary: dict, results: dict) -> None:
    """Every id resolves, every price is whole, the cheapest option comes first."""
    amounts = []
    for option in itinerary["pricingOptions"]:
        assert option["price"]["unit"] == "PRICE_UNIT_MILLI", option["price"]
        amounts.append(option["price"]["amount"])
        for agent in option["agentIds"]:
            assert agent in results["agents"], agent
        for item in option["items"]:
            assert item["deepLink"], f"{name} has an item without a link"
    priced = [int(amount) for amount in amounts if amount]
    assert priced == sorted(priced), f"{name}: {amounts}"
    assert "" not in amounts[: len(priced)], f"{name}: an unpriced option comes first"
    for leg_id in itinerary["legIds"]:
        leg = results["legs"][leg_id]
        for place in (leg["originPlaceId"], leg["destinationPlaceId"]):
            assert place in results["places"], place
        for segment_id in leg["segmentIds"]:
            segment = results["segments"][segment_id]
            assert segment["marketingCarrierId"] in results["carriers"], segment


def old_token(client: SkyscannerB2b, url: str) -> None:
    first = create(url, 91)["sessionToken"]
    content = poll_to_end(client, first)
    again = client.flights_live_prices.search_poll(first)
    assert again["action"] == "RESULT_ACTION_REPLACED", again["action"]
    assert again["content"] == content, "the first token gives another answer"


def carriers(client: SkyscannerB2b) -> None:
    reply = client.carriers.carriers()
    assert reply["status"] == "RESULT_STATUS_COMPLETE", reply["status"]
    british = reply["carriers"]["-32480"]
    assert (british["iata"], british["icao"]) == ("BA", "BAW"), british


def suggests(client: SkyscannerB2b) -> None:
    query = AutosuggestFlightsRequestQuery(locale="en-GB", market="UK", search_term="edin")
    reply = client.autosuggest.autosuggest_flights(AutosuggestFlightsRequest(limit=5, query=query))
    places = reply["places"]
    assert 0 < len(places) <= 5, len(places)
    assert "Edinburgh" in places[0]["name"], places[0]
    assert any(place["iataCode"] == "EDI" for place in places), places


def culture(client: SkyscannerB2b) -> None:
    markets = {market["code"] for market in client.culture.markets("en-GB")["markets"]}
    assert "UK" in markets and "GB" not in markets, sorted(markets)
    locales = {locale["code"] for locale in client.culture.locales()["locales"]}
    assert {"en-GB", "zh-CN"} <= locales, sorted(locales)
    digits = {
        currency["code"]: currency["decimalDigits"]
        for currency in client.culture.currencies()["currencies"]
    }
    assert (digits["EUR"], digits["JPY"], digits["BHD"]) == (2, 0, 3), digits


def hierarchy(client: SkyscannerB2b) -> None:
    places = client.geo.hierarchy_flights("en-GB")["places"]
    assert len(places) > 7_000, len(places)
    edinburgh = places["95673668"]
    assert edinburgh["iata"] == "EDI", edinburgh
    assert places[edinburgh["parentId"]]["type"] == "PLACE_TYPE_CITY", edinburgh
    request = HierarchyFlightsNearestRequest("en-GB", Locator(ip_address="203.0.113.7"))
    assert client.geo.hierarchy_flights_nearest(request)["places"], "nothing is near"


def forged(client: SkyscannerB2b) -> None:
    try:
        client.flights_live_prices.search_poll("Zm9yZ2Vk-cell1")
    except Exception as error:  # RequestError is not exported by the client
        assert getattr(error, "status", None) == 400, error
        assert error.response.body["code"] == 3, error.response.body
        assert error.response.body["details"] == [], error.response.body
    else:
        raise AssertionError("a forged token was accepted")
