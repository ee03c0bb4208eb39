//! Pages of other origins: they read nothing of the lab, order nothing, and do not frame its page.

use std::io::{Read, Write};
use std::net::TcpListener;

use end_to_end::{Client, Process};
use serde_json::json;

use super::{flapping, flapping_with};
use crate::browser::Browser;

/// An empty page of another origin, served until the test ends.
fn elsewhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 24\r\nconnection: close\r\n\r\n\
                        <title>elsewhere</title>";
            let _ = stream.write_all(page.as_bytes());
        }
    });
    format!("http://{address}/")
}

#[tokio::test]
async fn a_page_of_another_origin_reads_nothing_and_orders_nothing() {
    is_kept_out(flapping()).await;
}

/// Reading asks for no token: it is where a page comes from that keeps it out.
#[tokio::test]
async fn with_a_token_a_page_of_another_origin_reads_nothing_either() {
    let lab = flapping_with(&["--control-token", "s3cret"]);
    let anybody = Client::new(lab.url("  lab ").await);
    for path in ["/", "/api/state", "/api/history", "/api/load", "/metrics"] {
        assert_eq!(anybody.get(path).await.status, 200, "{path}");
    }
    is_kept_out(lab).await;
}

async fn is_kept_out(lab: Process) {
    let url = lab.url("  lab ").await;
    let downstream = Client::new(lab.url("unreliable service").await);
    let plan = downstream.get("/faults").await.body;
    let instance = Client::new(lab.url("instance A").await);
    let browser = Browser::at(&elsewhere()).await;

    let tried = browser
        .js(&format!(
            "const lab = '{url}'; const tried = []; \
             const attempt = async (what) => {{ try {{ tried.push(await what()); }} catch {{ tried.push('refused'); }} }}; \
             return (async () => {{ \
               for (const path of ['/', '/page/main.js', '/api/state', '/api/history', '/metrics']) \
                 await attempt(async () => (await fetch(lab + path)).text()); \
               await attempt(async () => Object.keys(await import(lab + '/page/store.js'))); \
               await attempt(() => new Promise((done, fail) => {{ \
                 const events = new EventSource(lab + '/api/events'); \
                 events.addEventListener('hello', (event) => done(event.data)); events.onerror = fail; }})); \
               for (const [method, path] of [['PUT', '/api/faults'], ['DELETE', '/api/faults'], \
                   ['PUT', '/api/instances/A/breaker/mode']]) \
                 await attempt(async () => (await fetch(lab + path, {{ method, body: '{{\"mode\":\"forced_open\"}}' }})).status); \
               for (const path of ['/api/faults/presets/hang', '/api/instances/A/breaker/reset']) \
                 await attempt(async () => {{ \
                   const answer = await fetch(lab + path, {{ method: 'POST', mode: 'no-cors' }}); \
                   return answer.type === 'opaque' ? 'refused' : answer.status; }}); \
               return tried; }})()"
        ))
        .await;

    assert_eq!(tried, json!(vec!["refused"; 12]));
    assert_eq!(downstream.get("/faults").await.body, plan);
    let breaker = instance.get("/breaker").await.json();
    assert_ne!(breaker["state"], "forced_open");
    browser.quit().await;
}

#[tokio::test]
async fn what_browsers_say_of_foreign_pages_is_refused_on_every_route() {
    let lab = flapping();
    let url = lab.url("  lab ").await;
    let client = Client::new(url.clone());
    let own = [("origin", url.as_str()), ("sec-fetch-site", "same-origin")];
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/page/main.js"),
        ("GET", "/api/state"),
        ("GET", "/api/history"),
        ("GET", "/api/services"),
        ("DELETE", "/api/faults"),
        ("POST", "/api/faults/presets/calm"),
        ("POST", "/api/instances/A/breaker/reset"),
    ] {
        for (name, value) in [
            ("host", "evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let answer = client.send(method, path, &[(name, value)], "").await;
            assert_eq!(answer.status, 403, "{method} {path}, {name}: {value}");
        }
        if method != "GET" {
            let origin = [("origin", "http://127.0.0.1:1")];
            let answer = client.send(method, path, &origin, "").await;
            assert_eq!(answer.status, 403, "{method} {path}");
        }
        let answer = client.send(method, path, &own, "").await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
    }

    let page = client.get("/").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
}
