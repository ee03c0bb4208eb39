//! The page of a lab whose orders ask for a token.

use serde_json::json;

use super::{Page, run, run_with};

/// The variable stands in the line, and never the token: lines are copied, and shells keep what was typed.
#[tokio::test]
async fn with_a_token_the_line_takes_it_from_the_shell_and_the_page_asks_for_it_once() {
    let page = Page::open(&["--control-token", "s3cret"]).await;
    let asked = "globalThis.asked = 0; globalThis.prompt = () => { asked += 1; return 's3cret'; }";
    page.browser.js(asked).await;
    let paused = async || page.lab.get("/api/load").await.json()["paused"].clone();

    // Before the first order, too.
    page.fill("pause", &[]).await;
    let focus = "document.querySelector('[data-order=pause]').focus()";
    page.browser.js(focus).await;
    let line = page.line().await;
    let head = r#"-H "Authorization: Bearer $TOKEN""#;
    assert_eq!(
        line,
        format!(
            r#"curl -X PUT {}/api/load {head} -d '{{"paused":true}}'"#,
            page.lab.base()
        )
    );
    let said = run(&line);
    assert!(said.contains("token_required"), "{said}");
    assert_eq!(paused().await, json!(false));
    let said = run_with(&[("TOKEN", "s3cret")], &line);
    assert!(said.contains(r#""paused":true"#), "{said}");
    assert_eq!(paused().await, json!(true));

    page.click("go-on", &[]).await;
    page.marked("load resumed").await;
    page.click("force", &[(".instances", "B")]).await;
    page.marked("B: forced open").await;
    let line = page.line().await;
    assert!(line.contains(head) && !line.contains("s3cret"), "{line}");
    assert_eq!(page.browser.js("return asked").await, json!(1));
    let said = run_with(&[("TOKEN", "s3cret")], &line);
    assert!(said.contains(r#""state":"forced_open""#), "{said}");
    page.browser.quit().await;
}
