//! Settings and variables, and what follows.

use super::*;

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

fn with(settings: &TraceSettings, variables: &[(&str, &str)]) -> Asked {
    asked(settings, |name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn by_variables(variables: &[(&str, &str)]) -> Asked {
    with(&TraceSettings::default(), variables)
}

fn on(asked: Asked) -> Wanted {
    match asked {
        Asked::On(wanted) => wanted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_who_does_not_ask_gets_traces() {
    assert_eq!(by_variables(&[]), Asked::Off);
    assert_eq!(
        by_variables(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]),
        Asked::Off
    );
    assert_eq!(
        by_variables(&[("OTEL_TRACES_EXPORTER", "otlp")]),
        Asked::Off
    );
    assert_eq!(
        by_variables(&[("OTEL_TRACES_SAMPLER", "always_on")]),
        Asked::Off
    );
}

#[test]
fn an_endpoint_is_asking_and_two_variables_are_refusing() {
    let settings = TraceSettings {
        endpoint: Some("http://localhost:4318".to_owned()),
        ..TraceSettings::default()
    };

    assert!(on(by_variables(&[ENDPOINT])).endpoint.is_none());
    assert_eq!(on(with(&settings, &[])).endpoint, settings.endpoint);
    for refusal in [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_SDK_DISABLED", "TRUE"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ] {
        assert_eq!(
            with(&settings, &[ENDPOINT, refusal]),
            Asked::Off,
            "{refusal:?}"
        );
    }
    on(by_variables(&[ENDPOINT, ("OTEL_SDK_DISABLED", "yes")]));
    on(by_variables(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "otlp")]));
}

#[test]
fn the_setting_wins_over_the_variable() {
    let settings = TraceSettings {
        protocol: Some(Protocol::HttpProtobuf),
        ratio: Some(0.5),
        ..TraceSettings::default()
    };
    let variables = [
        ENDPOINT,
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_TRACES_SAMPLER", "always_on"),
    ];

    let wanted = on(with(&settings, &variables));

    assert_eq!(wanted.protocol, Protocol::HttpProtobuf);
    assert_eq!(wanted.ratio, Some(0.5));
    assert_eq!(wanted.parents, Parents::Decide);
    assert!(wanted.warnings.is_empty(), "{:?}", wanted.warnings);
}

#[test]
fn a_protocol_that_is_not_there_is_refused_with_its_variable() {
    let variables = [
        ENDPOINT,
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
    ];

    let Asked::Refused(what) = by_variables(&variables) else {
        panic!("http/json is not there");
    };

    assert!(
        what.starts_with("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: `http/json`"),
        "{what}"
    );
    let grpc = by_variables(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert_eq!(
        matches!(grpc, Asked::On(_)),
        cfg!(feature = "otlp-grpc"),
        "{grpc:?}"
    );
}

#[test]
fn only_samplers_that_look_at_parents_let_them_decide() {
    for (sampler, parents) in [
        ("parentbased_always_on", Parents::Decide),
        ("parentbased_traceidratio", Parents::Decide),
        ("always_on", Parents::AreAsked),
        ("traceidratio", Parents::AreAsked),
        ("xray", Parents::Decide),
    ] {
        let variables = [
            ENDPOINT,
            ("OTEL_TRACES_SAMPLER", sampler),
            ("OTEL_TRACES_SAMPLER_ARG", "0.1"),
        ];
        assert_eq!(on(by_variables(&variables)).parents, parents, "{sampler}");
    }
}

#[test]
fn what_the_sdk_would_pass_over_is_a_warning() {
    for (name, value, word) in [
        ("OTEL_TRACES_SAMPLER", "sometimes", "sometimes"),
        (
            "OTEL_TRACES_SAMPLER",
            "traceidratio",
            "OTEL_TRACES_SAMPLER_ARG",
        ),
        ("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER"),
        ("OTEL_PROPAGATORS", "b3", "tracecontext"),
    ] {
        let wanted = on(by_variables(&[ENDPOINT, (name, value)]));
        assert_eq!(wanted.warnings.len(), 1, "{wanted:?}");
        assert!(wanted.warnings[0].contains(word), "{wanted:?}");
    }
}

#[test]
fn the_port_of_the_other_protocol_is_a_warning() {
    let wrong = on(by_variables(&[(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "http://127.0.0.1:4317/",
    )]));

    assert_eq!(wrong.warnings.len(), 1, "{wrong:?}");
    assert!(
        wrong.warnings[0].contains("http/protobuf is usually 4318"),
        "{wrong:?}"
    );
    assert!(on(by_variables(&[ENDPOINT])).warnings.is_empty());
}

#[test]
fn queue_and_time_limits_come_from_their_variables() {
    let wanted = on(by_variables(&[
        ENDPOINT,
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BSP_SCHEDULE_DELAY", "5000"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
    ]));
    assert_eq!(
        (wanted.queue, wanted.hurry, wanted.timeout_ms),
        (100, false, 1500)
    );

    let wanted = on(by_variables(&[ENDPOINT, ("OTEL_BSP_MAX_QUEUE_SIZE", "-1")]));
    assert_eq!(
        (wanted.queue, wanted.hurry, wanted.timeout_ms),
        (2048, true, 10_000)
    );
}
