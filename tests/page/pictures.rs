//! The pictures of the page, which `scripts/screenshots.sh` draws.

use std::path::PathBuf;

use end_to_end::{FREE_PORTS, Process};

use super::page;

/// What has happened by then: each of the four things to observe, and a recovery.
const SEEN: f64 = 58.0;

#[tokio::test]
#[ignore = "draws pictures and takes a minute: scripts/screenshots.sh"]
async fn the_page_at_three_widths_in_both_themes() {
    let folder = std::env::var_os("SCREENSHOTS").expect("SCREENSHOTS names a folder");
    let folder = PathBuf::from(folder);
    let lab = Process::start(&[&FREE_PORTS, &["--plain", "--seed", "7"][..]].concat());
    let (browser, _) = page(&lab).await;
    // `until` waits half a minute at most.
    for part in [0.4, 0.8, 1.0] {
        browser
            .until(&format!("lab.store.end > {}", part * SEEN))
            .await;
    }
    browser
        .until("document.querySelectorAll('.tile.lit').length === 4")
        .await;

    for theme in ["light", "dark"] {
        for width in [1280, 768, 390] {
            browser.window([width, 800], theme, "no-preference").await;
            let whole = browser
                .js("return document.documentElement.scrollHeight")
                .await;
            let height = u32::try_from(whole.as_u64().unwrap()).unwrap();
            browser
                .window([width, height], theme, "no-preference")
                .await;
            // Drawn anew at this size, which takes two frames.
            browser
                .js(
                    "return new Promise((done) => setTimeout(() => requestAnimationFrame(() => \
                     requestAnimationFrame(() => done(1))), 600))",
                )
                .await;
            let picture = browser.web.screenshot_as_png().await.unwrap();
            let name = format!("page-{width}-{theme}.png");
            std::fs::write(folder.join(name), picture).unwrap();
        }
    }
    browser.window([1280, 800], "light", "no-preference").await;
    browser
        .js("document.querySelector('#show-table').click()")
        .await;
    browser
        .until("document.querySelectorAll('#table tbody tr').length === 3")
        .await;
    let picture = browser.web.screenshot_as_png().await.unwrap();
    std::fs::write(folder.join("table-1280-light.png"), picture).unwrap();
    browser.quit().await;
}
