//! The page for those who do not look at pictures, or want less of them to move.

use serde_json::json;

use super::{flapping, page};

#[tokio::test]
async fn the_table_says_in_words_what_the_pictures_show() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    browser.until("lab.store.changes.length >= 6").await;
    browser
        .js("document.querySelector('#show-table').click()")
        .await;
    browser.js("lab.view.pause(lab.store.changes.at[4])").await;
    browser
        .until("document.querySelector('#table caption').textContent.startsWith('At 0:')")
        .await;

    let same = browser
        .js(
            "const words = ['closed', 'open', 'half-open', 'forced open', 'disabled', 'metrics only']; \
             const rows = [...document.querySelectorAll('#table tbody tr')]; \
             return rows.map((row, instance) => [ \
               row.cells[0].textContent === lab.store.names[instance], \
               row.cells[1].textContent === words[lab.store.state(instance, lab.view.at)], \
               row.cells[0].scope === 'row' && document.querySelectorAll('#table thead th[scope=col]').length === row.cells.length])",
        )
        .await;
    assert_eq!(same, json!(vec![[true; 3]; 3]));
    let at = browser.js("return lab.view.at").await;
    browser.js("document.querySelector('#after').click()").await;
    browser.until(&format!("lab.view.at > {at}")).await;
    browser
        .js("document.querySelector('#before').click()")
        .await;
    browser.until(&format!("lab.view.at === {at}")).await;
    browser.quit().await;
}

#[tokio::test]
async fn new_transitions_are_told_politely_and_not_one_by_one() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    browser
        .js(
            "globalThis.told = []; const said = document.querySelector('#said'); \
             new MutationObserver(() => told.push([performance.now(), said.textContent])) \
               .observe(said, { childList: true, characterData: true, subtree: true }); \
             globalThis.from = lab.store.changes.length",
        )
        .await;

    browser
        .until("told.length >= 2 && lab.store.changes.length > from + 6")
        .await;

    let polite = browser
        .js("return document.querySelector('#said').ariaLive")
        .await;
    assert_eq!(polite, json!("polite"));
    let told = browser.js("return told").await;
    let pause = told[1][0].as_f64().unwrap() - told[0][0].as_f64().unwrap();
    assert!(pause >= 4900.0, "{told}");
    let words = told[1][1].as_str().unwrap();
    assert!(words.contains(" at 0:"), "{told}");
    // Whoever switches it off hears nothing more.
    browser
        .js("document.querySelector('#voice').click(); told.length = 0; globalThis.from = lab.store.end")
        .await;
    browser.until("lab.store.end > from + 6").await;
    assert_eq!(browser.js("return told.length").await, json!(0));
    browser.quit().await;
}

#[tokio::test]
async fn who_wants_less_motion_sees_whole_seconds() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    browser
        .js("globalThis.drawn = 0; const context = document.querySelector('#timeline').getContext('2d'); \
             const clear = context.clearRect; \
             context.clearRect = (...all) => { drawn += 1; return clear.apply(context, all); }")
        .await;
    let mut drawn = Vec::new();
    for motion in ["no-preference", "reduce"] {
        browser.window([1280, 800], "light", motion).await;
        browser
            .js("drawn = 0; globalThis.from = lab.store.end")
            .await;
        browser.until("lab.store.end > from + 4").await;
        drawn.push(browser.js("return drawn").await.as_u64().unwrap());
    }

    assert!(drawn[0] >= 15 && drawn[1] <= 8, "{drawn:?}");
    // What the user does is shown at once all the same.
    browser.js("drawn = 0; lab.view.pause(1)").await;
    browser.until("drawn >= 1").await;
    browser.quit().await;
}

#[tokio::test]
async fn the_theme_is_the_systems_until_another_is_chosen_and_kept() {
    let lab = flapping();
    let (browser, url) = page(&lab).await;
    let ground = "return getComputedStyle(document.body).backgroundColor";
    let (light, dark) = (json!("rgb(246, 247, 249)"), json!("rgb(15, 20, 25)"));

    browser.window([1280, 800], "light", "no-preference").await;
    assert_eq!(browser.js(ground).await, light);
    browser.window([1280, 800], "dark", "no-preference").await;
    assert_eq!(browser.js(ground).await, dark);
    browser.js("document.querySelector('#theme').click()").await;
    assert_eq!(browser.js(ground).await, light);
    browser.go(&url).await;
    browser.until("lab.store").await;
    assert_eq!(browser.js(ground).await, light);
    browser.quit().await;
}
