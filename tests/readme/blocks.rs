//! The command blocks of all pages, followed page by page as a reader would.
//!
//! `PAGES=docs/lab.md,README.md` in the environment asks for the commands of these pages alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use end_to_end::binary;
use tokio::sync::Semaphore;

use crate::TURN;
use crate::commands::is_shell;
use crate::markdown::Page;
use crate::marks::{Done, REASONS, Step, saved_as, steps};
use crate::reader::Reader;

/// So many pages are followed at once.
const AT_ONCE: usize = 4;

/// What a page asks of its reader.
struct Course {
    page: String,
    /// Files to save: name and text.
    files: Vec<(String, String)>,
    /// One list for each block of commands.
    blocks: Vec<Vec<Step>>,
}

impl Course {
    fn of(page: &Page, wrong: &mut Vec<String>) -> Self {
        let (mut files, mut blocks) = (Vec::new(), Vec::new());
        for block in page.blocks() {
            if let Some(file) = saved_as(&block) {
                files.push((file.to_owned(), block.text.clone()));
            }
            if is_shell(&block) {
                match steps(&block) {
                    Ok(steps) => blocks.push(steps),
                    Err(error) => wrong.push(format!("{}: {error}", block.place())),
                }
            }
        }
        Self {
            page: page.name.clone(),
            files,
            blocks,
        }
    }
}

#[tokio::test]
async fn every_command_of_every_page_is_run_or_marked_with_the_reason() {
    let mut wrong = Vec::new();
    let pages = Page::all();
    let courses = pages.iter().map(|page| Course::of(page, &mut wrong));
    let mut courses: Vec<Course> = courses.filter(|course| !course.blocks.is_empty()).collect();
    // Whoever works on a page asks for that page alone.
    if let Ok(only) = std::env::var("PAGES") {
        let pages: Vec<&str> = courses.iter().map(|course| &*course.page).collect();
        let unknown = unknown(&only, &pages);
        assert!(unknown.is_empty(), "PAGES: no commands: {unknown:?}");
        courses.retain(|course| only.split(',').any(|page| page == course.page));
    }
    tell(&courses);
    // Built once, before anything asks for it.
    binary();
    let _turn = TURN.lock().await;
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut readers = Vec::new();
    for course in courses {
        let gate = Arc::clone(&gate);
        let now = Arc::new(Mutex::new(String::new()));
        let place = Arc::clone(&now);
        let task = tokio::spawn(async move {
            let _turn = gate.acquire().await;
            let reader = Reader::of(&course.page);
            for (file, text) in &course.files {
                reader.save(file, text);
            }
            let steps: Vec<Step> = course.blocks.into_iter().flatten().collect();
            reader.follow(&course.page, &steps, &place).await
        });
        readers.push((task, now));
    }
    let mut times = Vec::new();
    for (task, now) in readers {
        match task.await {
            Ok(of_page) => times.extend(of_page),
            Err(failed) => {
                let reason = failed.into_panic();
                let reason = reason.downcast_ref::<String>().cloned().unwrap_or_default();
                let now = now.lock().unwrap_or_else(PoisonError::into_inner);
                wrong.push(format!("{now}: {reason}"));
            }
        }
    }
    times.sort();
    let slow = times.iter().rev().take(5);
    let slow = slow.map(|(time, place)| format!("{:4.0} s  {place}\n", time.as_secs_f64()));
    say(&format!("the slowest:\n{}", slow.collect::<String>()));

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The pages asked for that have no commands.
fn unknown<'a>(only: &'a str, pages: &[&str]) -> Vec<&'a str> {
    only.split(',')
        .filter(|page| !pages.contains(page))
        .collect()
}

/// Says how much is run.
fn tell(courses: &[Course]) {
    let mut text = String::new();
    let blocks = || courses.iter().flat_map(|course| &course.blocks);
    let is_run = |step: &&Step| !matches!(step.done, Done::NotRun(_));
    let whole = blocks()
        .filter(|steps| steps.iter().all(|step| is_run(&step)))
        .count();
    let none = blocks()
        .filter(|steps| !steps.iter().any(|step| is_run(&step)))
        .count();
    let all = blocks().count();
    let commands = || blocks().flatten();
    let run = commands().filter(is_run).count();
    let shortened = commands()
        .filter(|step| matches!(step.done, Done::Otherwise(_)))
        .count();
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for step in commands() {
        if let Done::NotRun(reason) = step.done {
            *left.entry(reason).or_default() += 1;
        }
    }
    let pages = courses.len();
    let _ = writeln!(
        text,
        "\n{all} command blocks on {pages} pages: {whole} run, {} run in part, {none} marked",
        all - whole - none
    );
    let _ = writeln!(
        text,
        "{} commands: {run} run, {shortened} of them with other words; {} not run:",
        commands().count(),
        left.values().sum::<usize>()
    );
    for reason in &REASONS {
        let count = left.get(reason.words).copied().unwrap_or_default();
        let _ = writeln!(text, "{count:4}  {}", reason.words);
    }
    say(&text);
}

/// Past what holds back the output of a test that passes.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

#[test]
fn a_page_that_is_asked_for_and_has_no_commands_is_named() {
    let pages = ["README.md", "docs/lab.md"];

    assert!(unknown("docs/lab.md,README.md", &pages).is_empty());
    assert_eq!(unknown("docs/lab.md,docs/lap.md", &pages), ["docs/lap.md"]);
    assert_eq!(unknown("", &pages), [""]);
}
