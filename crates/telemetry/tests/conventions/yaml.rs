//! YAML as JSON: texts, whole numbers, flags, lists, mappings and aliases are all that the registry uses of it.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// The only document of a file.
pub(crate) fn parse(text: &str) -> Value {
    let mut document = Document {
        events: Parser::new_from_str(text)
            .map(|event| event.expect("the file is YAML").0)
            .collect(),
        anchors: BTreeMap::new(),
    };
    document.events.retain(|event| {
        use Event::{DocumentEnd, DocumentStart, StreamEnd, StreamStart};
        !matches!(
            event,
            StreamStart | StreamEnd | DocumentStart(_) | DocumentEnd
        )
    });
    document.events.reverse();
    let value = document.value();
    assert!(document.events.is_empty(), "one document in a file");
    value
}

struct Document<'a> {
    /// What is still to be read, the next one last.
    events: Vec<Event<'a>>,
    /// What aliases stand for.
    anchors: BTreeMap<usize, Value>,
}

impl Document<'_> {
    fn value(&mut self) -> Value {
        let (anchor, value) = match self.events.pop().expect("a value follows") {
            Event::Alias(anchor) => return self.anchors[&anchor].clone(),
            Event::Scalar(text, style, anchor, _) => (anchor, scalar(&text, style)),
            Event::SequenceStart(anchor, _) => (anchor, self.list()),
            Event::MappingStart(anchor, _) => (anchor, self.mapping()),
            other => panic!("the files need no {other:?}"),
        };
        self.anchors.insert(anchor, value.clone());
        value
    }

    fn list(&mut self) -> Value {
        let mut list = Vec::new();
        while !self.ends(&Event::SequenceEnd) {
            list.push(self.value());
        }
        list.into()
    }

    fn mapping(&mut self) -> Value {
        let mut mapping = Map::new();
        while !self.ends(&Event::MappingEnd) {
            let key = self.value();
            let key = key.as_str().expect("keys are texts").to_owned();
            let value = self.value();
            let known = mapping.insert(key, value);
            assert_eq!(known, None, "each key is given once");
        }
        mapping.into()
    }

    fn ends(&mut self, end: &Event<'_>) -> bool {
        let ends = self.events.last() == Some(end);
        if ends {
            self.events.pop();
        }
        ends
    }
}

/// What is not quoted may be a number or a flag.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style == ScalarStyle::Plain {
        match text {
            "true" => return true.into(),
            "false" => return false.into(),
            _ => {}
        }
        if let Ok(number) = text.parse::<i64>() {
            return number.into();
        }
    }
    text.trim_end().into()
}
