//! The permission to change something, and the answer to those who lack it.

use end_to_end::{Client, FREE_PORTS, Process, System, healthy};

use crate::{raw, refusal_in, status};

async fn instance(flags: &[&str]) -> (Process, Client) {
    let base = ["instance", "A", "--listen", "127.0.0.1:0"];
    let process = Process::start(&[&base, flags].concat());
    let client = Client::new(process.url("instance A").await);
    (process, client)
}

/// `POST /breaker/reset` with these header lines.
async fn reset(client: &Client, lines: &[&str]) -> u16 {
    let request = format!(
        "POST /breaker/reset HTTP/1.1\r\n{}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        lines.join("\r\n")
    );
    status(&raw(client, request).await)
}

#[tokio::test]
async fn with_a_token_any_host_will_do_and_the_scheme_has_no_case() {
    let (_process, client) = instance(&["--control-token", "s3cret"]).await;
    let host = "host: lab.example";
    for (lines, expected) in [
        (vec![host, "authorization: Bearer s3cret"], 200),
        (vec![host, "authorization: bearer s3cret"], 200),
        (vec![host, "authorization: BEARER  s3cret"], 200),
        (vec![host, "authorization: Bearers3cret"], 401),
        (vec![host, "authorization: Basic s3cret"], 401),
        (vec![host, "authorization: Bearer S3cret"], 401),
        (
            vec![
                host,
                "authorization: Bearer wrong",
                "authorization: Bearer s3cret",
            ],
            401,
        ),
        (vec![host], 401),
        (
            vec![
                host,
                "authorization: Bearer s3cret",
                "origin: https://evil.example",
            ],
            403,
        ),
    ] {
        assert_eq!(reset(&client, &lines).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn without_a_token_whatever_speaks_of_another_site_is_refused() {
    let (_process, client) = instance(&[]).await;
    let host = format!("host: {}", client.base().trim_start_matches("http://"));
    let own = format!("referer: {}/", client.base());
    for (lines, expected) in [
        (vec![&*host], 200),
        (vec![&host, "sec-fetch-site: same-origin"], 200),
        (vec![&host, "sec-fetch-site: none"], 200),
        (vec![&host, "sec-fetch-site: cross-site"], 403),
        (vec![&host, "sec-fetch-site: same-site"], 403),
        (vec![&host, &own], 200),
        (vec![&host, "referer: https://evil.example/page"], 403),
        (vec![&host, "referer: http://localhost.evil.example/"], 403),
        (vec!["host: localhost", "host: evil.example"], 400),
        (vec!["host: localhost", "host: localhost"], 400),
        (vec!["host: localhost:evil"], 403),
        (vec!["host: localhost:99999"], 403),
        (vec!["host: [::1"], 403),
        (vec!["host: [::1]evil"], 403),
        (vec!["host: localhost, evil.example"], 403),
    ] {
        assert_eq!(reset(&client, &lines).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn a_token_that_can_never_match_is_refused_at_the_start_without_being_shown() {
    for token in ["s3cr t", " s3cret", "s3crét", "s3\tcret", "s3cret\u{7f}"] {
        let flag = refusal_in(
            &[],
            &["instance", "A", "--control-token", token, "--print-config"],
        )
        .await;
        let variable =
            refusal_in(&[("BREAKER_LAB_CONTROL_TOKEN", token)], &["--print-config"]).await;
        let client = refusal_in(&[], &["faults", "--control-token", token, "show"]).await;
        for said in [flag, variable, client] {
            assert!(said.contains("control") && said.contains("token"), "{said}");
            assert!(!said.contains(token.trim()), "{said}");
        }
    }
    let file = crate::File::new("token.toml", "control_token = \"s3cr t\"\n");
    let said = refusal_in(&[], &["--config", file.path(), "--print-config"]).await;
    assert!(said.contains("token") && !said.contains("s3cr"), "{said}");
}

#[tokio::test]
async fn targets_for_prometheus_take_only_a_valid_host() {
    let flags = [&FREE_PORTS[..], &["--plain", "--rate", "1"]].concat();
    let lab = Process::start(&flags);
    let page = Client::new(lab.url("  lab ").await);
    let ask = async |lines: &str| {
        let request =
            format!("GET /api/prometheus-targets HTTP/1.1\r\n{lines}connection: close\r\n\r\n");
        raw(&page, request).await
    };

    let answer = ask("host: host.docker.internal:8080\r\n").await;
    assert!(answer.contains("\"host.docker.internal:"), "{answer}");
    for lines in [
        "host: evil\"}]\r\n",
        "host: a b\r\n",
        "host: user@host\r\n",
        "host: host/path\r\n",
        "host: host:port\r\n",
        "host: [::1]x\r\n",
        "host: a\r\nhost: b\r\n",
        "host: -\r\n",
    ] {
        let answer = ask(lines).await;
        assert_eq!(status(&answer), 400, "{lines}: {answer}");
        assert!(
            answer.contains("{\"error\":{\"code\":"),
            "{lines}: {answer}"
        );
    }
}

#[tokio::test]
async fn several_lines_of_one_header_are_one_list() {
    let system = System::with_instances(&[], &healthy(), &[]).await;
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\naccept: text/plain;q=0.1\r\n\
                   accept: application/openmetrics-text\r\nconnection: close\r\n\r\n";
    let answer = raw(&system.downstream, request).await;
    assert!(
        answer.contains("content-type: application/openmetrics-text"),
        "{answer}"
    );

    let now = system
        .downstream
        .get("/faults")
        .await
        .header("etag")
        .to_owned();
    for (lines, expected) in [
        (format!("if-match: \"999\"\r\nif-match: {now}\r\n"), 200),
        ("if-match: \"999\", \"998\"\r\n".to_owned(), 412),
        ("if-match: *\r\n".to_owned(), 200),
    ] {
        let request = format!(
            "DELETE /faults HTTP/1.1\r\nhost: localhost\r\n{lines}connection: close\r\n\r\n"
        );
        let answer = raw(&system.downstream, request).await;
        assert_eq!(status(&answer), expected, "{lines}: {answer}");
    }
}

#[tokio::test]
async fn control_routes_answer_json_ended_by_a_newline_in_every_case() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let plan = healthy();
    for (client, method, path, body) in [
        (&system.downstream, "GET", "/faults", ""),
        (&system.downstream, "PUT", "/faults", &plan),
        (&system.downstream, "PUT", "/faults", "{"),
        (&system.downstream, "PATCH", "/faults", "[]"),
        (&system.downstream, "DELETE", "/faults", ""),
        (&system.downstream, "POST", "/faults", ""),
        (&system.downstream, "POST", "/faults/dry-run", &plan),
        (&system.downstream, "POST", "/faults/presets/calm", ""),
        (&system.downstream, "POST", "/faults/presets/nope", ""),
        (&system.downstream, "POST", "/faults/presets/%ff", ""),
        (&system.downstream, "GET", "/faults/presets", ""),
        (&system.downstream, "GET", "/faults/schema", ""),
        (&system.downstream, "GET", "/truth", ""),
        (&system.downstream, "GET", "/nope", ""),
        (system.instance(0), "GET", "/breaker", ""),
        (system.instance(0), "PUT", "/breaker/mode", "{"),
        (
            system.instance(0),
            "PUT",
            "/breaker/mode",
            r#"{"mode":"forced_open"}"#,
        ),
        (system.instance(0), "GET", "/call", ""),
        (system.instance(0), "POST", "/breaker/reset", ""),
        (system.instance(0), "GET", "/call", ""),
        (system.instance(0), "GET", "/healthz", ""),
        (system.instance(0), "GET", "/readyz", ""),
    ] {
        let reply = client.send(method, path, &[], body.to_owned()).await;
        assert!(
            reply.body.ends_with("}\n") || reply.body.ends_with("]\n"),
            "{method} {path}: {:?}",
            reply.body
        );
        assert_eq!(
            reply.header("content-type"),
            "application/json",
            "{method} {path}"
        );
        reply.json();
    }
}
