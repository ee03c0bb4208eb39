//! The page at the widths of a phone, a tablet and a desk: nothing is cut, nothing lies on something else, and nobody
//! scrolls sideways.

use serde_json::{Value, json};

use super::{flapping, flapping_with, page};
use crate::browser::Browser;

/// What holds text that does not fit. An ellipsis in a card stands for words that the table has.
const CUT: &str = "const all = document.querySelectorAll('header *, .tile *, h2, legend, button, .box *, .head *, #fleet *, .ballot, #table *'); \
    return [...all].filter((it) => it.checkVisibility() && it.scrollWidth > it.clientWidth + 1 \
      && getComputedStyle(it).display !== 'inline' && getComputedStyle(it).overflowX !== 'auto') \
      .map((it) => `${it.tagName}.${it.className}#${it.id}: ${it.textContent}`)";

/// What stands out of what it stands in.
const OUTSIDE: &str = "return [...document.querySelectorAll('.tile *, .card *, fieldset *, #fleet *')].filter((it) => { \
      const [inner, outer] = [it, it.closest('.tile, .card, section')].map((one) => one.getBoundingClientRect()); \
      return it.checkVisibility() && (inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1); \
    }).map((it) => `${it.tagName}.${it.className}: ${it.textContent}`)";

/// Words beside each other of which one lies on the other.
const COVERED: &str = "const found = []; \
    for (const one of document.querySelectorAll('header, .tools, .head, .evidence, .reason, .tile, .box, fieldset, .buttons, .few, h2, #fleet, #log button, #curl, main, .side')) { \
      const parts = [...one.children].filter((it) => it.checkVisibility() && it.textContent.trim() && it.tagName !== 'svg'); \
      parts.forEach((it, place) => parts.slice(0, place).forEach((other) => { \
        const [a, b] = [it, other].map((part) => part.getBoundingClientRect()); \
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left); \
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top); \
        if (across > 1 && down > 1) found.push(`${other.textContent} | ${it.textContent}`); })); } \
    return found";

const WIDTHS: [[u32; 2]; 5] = [
    [390, 844],
    [768, 1024],
    [1024, 768],
    [1280, 800],
    [1920, 1080],
];

/// Looks at the page and at its table at all widths.
async fn nothing_is_cut(browser: &Browser) {
    for [width, height] in WIDTHS {
        browser
            .window([width, height], "light", "no-preference")
            .await;
        for table in [false, true] {
            if table {
                browser
                    .js("document.querySelector('#show-table').click()")
                    .await;
            }
            let size = browser
                .js("const it = document.documentElement; return [it.scrollWidth - it.clientWidth, it.scrollHeight]")
                .await;
            assert_eq!(size[0], json!(0), "{width}, table: {table}");
            if width >= 1280 {
                assert_eq!(size[1], json!(height), "{width}, table: {table}");
            }
            for (what, script) in [("cut", CUT), ("outside", OUTSIDE), ("covered", COVERED)] {
                let found = browser.js(script).await;
                assert_eq!(found, json!([]), "{what}: {width}, table: {table}");
            }
        }
        browser
            .js("document.querySelector('#hide-table').click()")
            .await;
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_cut_at_any_width_and_a_desk_needs_no_scrolling() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    browser
        .until("document.querySelectorAll('.tile.lit').length === 4")
        .await;
    nothing_is_cut(&browser).await;
    browser.quit().await;
}

#[tokio::test]
async fn nothing_is_cut_where_instances_decide_together() {
    let lab = flapping_with(&["--coordination", "quorum"]);
    let (browser, _) = page(&lab).await;
    browser
        .until("lab.store.fleet.view(lab.store.end)?.verdict === 'open'")
        .await;
    nothing_is_cut(&browser).await;
    browser.quit().await;
}

#[tokio::test]
async fn a_count_of_any_size_leaves_its_tile_as_it_is() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    browser
        .until("document.querySelectorAll('.tile.lit').length === 4")
        .await;
    browser.window([1280, 800], "light", "no-preference").await;
    let script = "const [, tile] = document.querySelectorAll('.tile'); const [count, first] = ['b', 'button'].map((it) => tile.querySelector(it)); \
         const known = lab.phenomena; known.fast.last.sum = 16_400; known.fast.first.at = 607; \
         const before = [tile.clientHeight, count.clientHeight]; lab.view.pause(lab.store.end); \
         first.textContent = 'first at 10:07.0'; \
         return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done( \
           [count.textContent.endsWith('k×'), tile.clientHeight === before[0], count.clientHeight === before[1], \
            count.getBoundingClientRect().right < tile.getBoundingClientRect().right - 4]))))";
    let kept = browser.js(script).await;
    assert_eq!(kept, json!(vec![true; 4]));
    browser.quit().await;
}

#[tokio::test]
async fn charts_take_the_height_that_a_window_has() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    let heights = "return ['timeline', 'outcomes', 'share', 'latency', 'scrub'] \
                   .map((it) => document.getElementById(it).clientHeight)";
    browser.window([1280, 800], "light", "no-preference").await;
    let usual = browser.js(heights).await;
    browser.window([1920, 1200], "light", "no-preference").await;
    let tall = browser.js(heights).await;

    let number = |of: &Value, place: usize| of[place].as_u64().unwrap();
    assert!(number(&usual, 0) >= 150, "{usual}");
    assert!((40..=48).contains(&number(&usual, 4)), "{usual}");
    for place in 0..4 {
        assert!(
            number(&tall, place) > number(&usual, place) * 3 / 2,
            "{usual} {tall}"
        );
    }
    browser.quit().await;
}
