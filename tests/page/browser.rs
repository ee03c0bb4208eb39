//! A headless Chromium under its own driver, which sees nothing but this machine.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use end_to_end::within;
use serde_json::{Value, json};
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver};

use crate::family::end;

/// How long the page may take for anything that is asked of it.
const PATIENCE: Duration = Duration::from_secs(30);
const FLAGS: [&str; 7] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--window-size=1280,800",
    // A name that the page would ask for leads nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// A browser. Ended when dropped.
pub(crate) struct Browser {
    driver: Child,
    pub(crate) web: WebDriver,
}

impl Browser {
    /// A browser that shows `url`.
    pub(crate) async fn at(url: &str) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is there (Debian's package chromium-driver)");
        let said = BufReader::new(driver.stdout.take().expect("stdout is a pipe"));
        let port = said.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says its port");
        let mut wanted = DesiredCapabilities::chrome();
        for flag in FLAGS {
            wanted.add_arg(flag).expect("a flag is text");
        }
        wanted
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .expect("a level is text");
        let web = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await;
        let browser = Self {
            driver,
            web: web.expect("Chromium can be started (Debian's package chromium)"),
        };
        browser.go(url).await;
        browser
    }

    /// The process that has started all of Chromium's.
    pub(crate) fn id(&self) -> u32 {
        self.driver.id()
    }

    /// Shows `url`.
    pub(crate) async fn go(&self, url: &str) {
        self.web.goto(url).await.expect("the page is served");
    }

    /// What a script on the page returns.
    pub(crate) async fn js(&self, script: &str) -> Value {
        let answer = self.web.execute(script, Vec::new()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{script}: {error}"));
        answer.json().clone()
    }

    /// Waits until a script returns true.
    pub(crate) async fn until(&self, condition: &str) {
        let script = format!("return Boolean({condition})");
        within(PATIENCE, condition, async || {
            (self.js(&script).await == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// Presses a key while the charts have the focus.
    pub(crate) async fn press(&self, code: &str) {
        self.js(&format!(
            "document.querySelector('#charts').dispatchEvent(new KeyboardEvent('keydown', \
             {{ code: '{code}', key: '', bubbles: true, cancelable: true }}))"
        ))
        .await;
    }

    /// What the console has to complain about since it was asked last.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.web.browser_log().await.expect("the log is kept");
        let lines = log.into_iter().map(|entry| format!("{entry:?}"));
        lines.collect()
    }

    /// Tells Chromium something by its own protocol.
    pub(crate) async fn tell(&self, command: &str, parameters: Value) -> Value {
        let told = self.web.cdp().send_raw(command, parameters).await;
        told.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// A window of this size and theme.
    pub(crate) async fn emulate(&self, width: u32, theme: &str) {
        let size = json!({
            "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        let media = json!({
            "features": [{ "name": "prefers-color-scheme", "value": theme }],
        });
        for (command, parameters) in [
            ("Emulation.setDeviceMetricsOverride", size),
            ("Emulation.setEmulatedMedia", media),
        ] {
            self.tell(command, parameters).await;
        }
    }

    /// A window of exactly this size, in this theme, with or without motion.
    pub(crate) async fn window(&self, [width, height]: [u32; 2], theme: &str, motion: &str) {
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 }),
        )
        .await;
        let features = json!([
            { "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": motion },
        ]);
        self.tell(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// Presses and lets go of a key, as a keyboard does; `text` is what it types.
    pub(crate) async fn strike(&self, code: &str, key: &str, text: &str) {
        let virtual_code = match code {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "Space" => 32,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "code": code, "key": key, "windowsVirtualKeyCode": virtual_code,
            });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.tell("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Ends the session; the driver ends with this value.
    pub(crate) async fn quit(self) {
        let _ = self.web.clone().quit().await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The client must not ask the driver for the session's end: nobody would answer, and the test would wait for ever.
        let _ = self.web.clone().leak();
        // Chromium outlives a driver that is killed, so all of it is ended.
        end(self.driver.id());
        let _ = self.driver.wait();
    }
}
