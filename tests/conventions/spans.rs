//! The attributes of spans, events and links of a run in which everything happens.

use std::collections::{BTreeMap, BTreeSet};

use end_to_end::{Client, Collector, FREE_PORTS, Mood, Process, Span, failing};

use crate::registry::Registry;

/// Attributes of ours by what carries them.
type Carried = BTreeMap<String, BTreeSet<String>>;

fn is_ours(key: &str) -> bool {
    let ours = ["circuit_breaker.", "unreliable_service.", "load_generator."];
    ours.iter().any(|namespace| key.starts_with(namespace))
}

/// Begins the names of what breakers have that decide together.
const OF_A_FLEET: &str = "circuit_breaker.fleet.";

/// What the registry has for breakers that decide alone.
fn conventions(registry: &Registry) -> Carried {
    let carriers = registry.carriers.iter();
    let carriers = carriers.filter(|carrier| !carrier.name.starts_with(OF_A_FLEET));
    let carriers = carriers.map(|carrier| {
        let attributes = carrier.attributes.iter().filter(|key| is_ours(key));
        (carrier.name.clone(), attributes.cloned().collect())
    });
    carriers
        .filter(|(_, ours): &(_, BTreeSet<_>)| !ours.is_empty())
        .collect()
}

/// What spans have. A span that is not the breaker's and has attributes of ours is a request that the load
/// generator sent or the unreliable service answered.
fn carried(spans: &[Span]) -> Carried {
    let mut carried = Carried::new();
    for span in spans {
        let name = match &*span.name {
            name if is_ours(name) => name,
            _ if span.kind == "client" => "lab.load_generator.request",
            _ => "lab.unreliable_service.request",
        };
        let links = span
            .link_attributes
            .iter()
            .map(|link| ("circuit_breaker.link", link));
        let events = span
            .events
            .iter()
            .map(|(name, attributes)| (&**name, attributes));
        for (name, attributes) in events.chain(links).chain([(name, &span.attributes)]) {
            let ours = attributes.keys().filter(|key| is_ours(key)).cloned();
            carried.entry(name.to_owned()).or_default().extend(ours);
        }
    }
    carried.retain(|_, ours| !ours.is_empty());
    carried
}

#[tokio::test]
async fn spans_events_and_links_carry_what_the_conventions_say_and_nothing_else() {
    let registry = Registry::read();
    let expected = conventions(&registry);
    let collector = Collector::start(Mood::Taking);
    let endpoint = collector.http();
    let flags = [
        "--consecutive-failures",
        "2",
        "--open-for",
        "100ms",
        "--otlp-endpoint",
        &endpoint,
    ];
    let lab = Process::start(&[&FREE_PORTS[..], &flags].concat());
    let instance = Client::new(lab.url("instance B").await);
    assert_eq!(
        instance
            .put("/breaker/mode", "\"metrics_only\"")
            .await
            .status,
        200
    );
    let downstream = Client::new(lab.url("unreliable service").await);
    assert_eq!(downstream.put("/faults", &failing(0.5)).await.status, 200);

    let everything = |spans: &[Span]| {
        let seen = carried(spans);
        let all = |name, keys: &BTreeSet<_>| seen.get(name).is_some_and(|it| keys.is_subset(it));
        expected.iter().all(|(name, keys)| all(name, keys))
    };
    let spans = collector
        .spans_until("everything has happened", everything)
        .await;

    assert_eq!(carried(&spans), expected);
    for span in &spans {
        for (key, kind) in span.types.iter().filter(|(key, _)| is_ours(key)) {
            let attribute = registry.attribute(key);
            assert_eq!(*kind, attribute.kind, "{key}");
            let value = span.get(key).to_owned();
            let is_member = attribute.members.is_empty() || attribute.members.contains(&value);
            assert!(is_member, "{key} is {value}");
        }
    }
    for carrier in registry
        .carriers
        .iter()
        .filter(|carrier| carrier.what == "span" && !carrier.name.starts_with(OF_A_FLEET))
    {
        let of_kind = spans.iter().filter(|span| span.name == carrier.name);
        let kinds: BTreeSet<_> = of_kind.map(|span| Some(span.kind.clone())).collect();
        assert_eq!(
            kinds,
            BTreeSet::from([carrier.kind.clone()]),
            "{}",
            carrier.name
        );
    }
}

/// What happens to instances that decide together, as far as a short run brings it.
#[tokio::test]
async fn spans_of_a_fleet_and_their_events_carry_what_the_conventions_say() {
    let registry = Registry::read();
    let collector = Collector::start(Mood::Taking);
    let endpoint = collector.http();
    let flags = ["--coordination", "quorum", "--open-for", "1s"];
    let flags = [&flags[..], &["--otlp-endpoint", &endpoint]].concat();
    let lab = Process::start(&[&FREE_PORTS[..], &flags].concat());
    let downstream = Client::new(lab.url("unreliable service").await);
    let faults = end_to_end::always_failing();
    assert_eq!(downstream.put("/faults", &faults).await.status, 200);
    let has = |spans: &[Span], steps: &[&str]| {
        let told: BTreeSet<&str> = spans
            .iter()
            .flat_map(|span| span.events.iter().map(|(name, _)| &**name))
            .collect();
        let name = |step: &&str| told.contains(&*format!("{OF_A_FLEET}{step}"));
        steps.iter().all(name)
    };
    let instance = Client::new(lab.url("instance B").await);
    let others = ["instance A", "instance C"];
    let [a, c] = others.map(|who| lab.url(who));
    let all = [Client::new(a.await), instance.clone(), Client::new(c.await)];
    end_to_end::eventually("a probe of the fleet", async || {
        let mut leases = 0.0;
        for one in &all {
            let metrics = one.metrics().await;
            leases += metrics.sum(
                "circuit_breaker_fleet_leases_total",
                &["outcome=\"failed\""],
            );
        }
        (leases > 0.5).then_some(())
    })
    .await;
    let healthy = end_to_end::healthy();
    assert_eq!(downstream.put("/faults", &healthy).await.status, 200);
    let held = |spans: &[Span]| has(spans, &["adopted", "leased", "probed", "released"]);
    collector.spans_until("a hold", held).await;

    let ordered = instance.put("/fleet/mode", "\"forced_open\"").await;
    assert_eq!(ordered.status, 200, "{}", ordered.body);
    let notices = |spans: &[Span]| has(spans, &["ordered"]);
    let spans = collector.spans_until("a notice", notices).await;

    let seen = carried(&spans);
    let of_a_fleet = |(name, _): &(&String, _)| name.starts_with(OF_A_FLEET);
    let mut names = 0;
    for (name, keys) in seen.iter().filter(of_a_fleet) {
        let carrier = registry.carriers.iter().find(|it| it.name == *name);
        let carrier = carrier.unwrap_or_else(|| panic!("the registry lacks {name}"));
        let expected: BTreeSet<String> = carrier.attributes.iter().cloned().collect();
        assert_eq!(*keys, expected, "{name}");
        names += 1;
    }
    assert!(names >= 7, "two spans and five events: {seen:#?}");
}
