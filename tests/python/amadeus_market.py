"""PyPI `amadeus` 12.0.0 against the simulated market.

The client takes a host and a port; there the market answers for one of its sellers and accepts any
credentials. Every seller also has a path of its own, which wants the seller's credentials: given as
part of the host, with the port that the client does not print.
"""

import time
from decimal import Decimal

import amadeus
import requests

from sentences import Sentences, day_ahead

DAYS = 92


def check(fareway: str, sandbox: str, sentences: Sentences) -> None:
    host, port = sandbox.removeprefix("http://").split(":")
    anybody = client("any-id", "any-secret", host, int(port))
    sentences.check("amadeus gets a token and offers by GET", lambda: by_get(anybody))
    sentences.check("amadeus gets the same offers by POST", lambda: by_post(anybody))
    sentences.check("amadeus is told of a missing parameter", lambda: missing(anybody))
    sentences.check("amadeus sees what Fareway saw of a seller", lambda: one_seller(fareway, f"{host}:{port}"))


def client(name: str, secret: str, host: str, port: int) -> amadeus.Client:
    return amadeus.Client(
        client_id=name, client_secret=secret, host=host, port=port, ssl=False, log_level="silent"
    )


def one_seller(fareway: str, host: str) -> None:
    """The seller that had offers for Fareway has as many for the client."""
    name, offers = amadeus_partners(fareway)[0]
    seller = client(name, f"sandbox-{name}", f"{host}/p/{name}", 80)
    answer = get_offers(seller)
    check_offers(answer)
    assert len(answer.data) == offers, (name, len(answer.data), offers)
    try:
        get_offers(client(name, "wrong", f"{host}/p/{name}", 80))
    except amadeus.AuthenticationError:
        pass
    else:
        raise AssertionError("a wrong secret was accepted")


def amadeus_partners(fareway: str) -> list[tuple[str, int]]:
    """Sellers of that protocol, and how many offers they had for the question asked below."""
    question = {
        "legs": [{"origin": "LHR", "destination": "JFK", "date": day_ahead(DAYS).isoformat()}],
        "cabin": "economy",
        "adults": 1,
        "market": "GB",
        "locale": "en-GB",
        "currency": "GBP",
    }
    created = requests.post(f"{fareway}/v1/searches", json=question, timeout=30)
    assert created.status_code == 201, created.text
    token = created.json()["token"]
    for _ in range(60):
        page = requests.get(f"{fareway}/v1/searches/{token}?limit=1", timeout=30).json()
        if page["status"] == "complete":
            break
        time.sleep(0.3)
    ledger = requests.get(f"{fareway}/v1/searches/{token}/partners", timeout=30).json()
    found = [
        (row["id"], row["offers"])
        for row in ledger["partners"]
        if row["protocol"] == "amadeus" and row["asked"] and row["offers"]
    ]
    assert found, "no partner that speaks Amadeus had offers"
    return found


def by_get(client: amadeus.Client) -> None:
    check_offers(get_offers(client))


def get_offers(client: amadeus.Client) -> amadeus.Response:
    return client.shopping.flight_offers_search.get(
        originLocationCode="LHR",
        destinationLocationCode="JFK",
        departureDate=day_ahead(DAYS).isoformat(),
        adults=1,
    )


def by_post(client: amadeus.Client) -> None:
    body = {
        "originDestinations": [
            {
                "id": "1",
                "originLocationCode": "LHR",
                "destinationLocationCode": "JFK",
                "departureDateTimeRange": {"date": day_ahead(DAYS).isoformat()},
            }
        ],
        "travelers": [{"id": "1", "travelerType": "ADULT"}],
        "sources": ["GDS"],
        "searchCriteria": {"maxFlightOffers": 250},
    }
    posted = client.shopping.flight_offers_search.post(body)
    check_offers(posted)
    assert prices(posted) == prices(get_offers(client)), "GET and POST differ"


def prices(response: amadeus.Response) -> list[tuple]:
    return sorted((offer["price"]["currency"], offer["price"]["grandTotal"]) for offer in response.data)


def check_offers(response: amadeus.Response) -> None:
    assert response.status_code == 200, response.status_code
    assert response.data, "no offers"
    dictionaries = response.result["dictionaries"]
    for offer in response.data:
        assert offer["type"] == "flight-offer", offer["type"]
        assert Decimal(offer["price"]["grandTotal"]) > 0, offer["price"]
        (itinerary,) = offer["itineraries"]
        segments = itinerary["segments"]
        assert segments[0]["departure"]["iataCode"] == "LHR", segments[0]
        assert segments[-1]["arrival"]["iataCode"] == "JFK", segments[-1]
        assert segments[0]["departure"]["at"].startswith(day_ahead(DAYS).isoformat()), segments[0]
        for segment in segments:
            assert segment["carrierCode"] in dictionaries["carriers"], segment["carrierCode"]
            assert segment["arrival"]["iataCode"] in dictionaries["locations"], segment["arrival"]


def missing(client: amadeus.Client) -> None:
    try:
        client.shopping.flight_offers_search.get(originLocationCode="LHR", adults=1)
    except amadeus.ClientError as error:
        assert error.response.status_code == 400, error.response.status_code
        assert error.response.result["errors"][0]["code"], error.response.result
    else:
        raise AssertionError("a request without a destination was accepted")
