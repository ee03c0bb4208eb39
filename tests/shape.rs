//! The shape of a dashboard as Grafana's published schema has it: which fields are there, which must be, and of
//! which type.
//!
//! Grafana fills in what is missing and ignores what it does not know, so a misspelt option shows only in a
//! picture that is not as meant. This is a table of the fields that a strict reader asks for, written by hand
//! from the schema that its foundation SDK is generated from (0.0.22, for `schemaVersion` 42). A kind of panel
//! that is not in the table is a finding, too: whoever needs it adds a line.

use serde_json::{Map, Value};

/// Shapes by name. A field is `name: type`, or `name?: type` where it may be left out. A type is `text`, `flag`,
/// `number`, `whole`, `null`, `any`, the name of a shape, `[T]` for a list, `{T}` for a map with any keys,
/// `"word"` for itself, or several of these with `|` between them.
const SHAPES: &[(&str, &str)] = &[
    (
        "dashboard",
        r"uid: text, title: text, description?: text, tags?: [text], schemaVersion: whole, version?: whole,
        id?: whole|null, editable?: flag, graphTooltip?: whole, liveNow?: flag, refresh?: text, time?: time,
        timezone?: text, timepicker?: timepicker, fiscalYearStartMonth?: whole, weekStart?: text, preload?: flag,
        links?: [link], annotations: annotations, templating: templating, panels: [panel]",
    ),
    ("time", "from: text, to: text"),
    (
        "timepicker",
        "hidden?: flag, refresh_intervals?: [text], nowDelay?: text",
    ),
    (
        "link",
        r#"title: text, type: "link"|"dashboards", icon: text, tooltip: text, url?: text, tags: [text],
        asDropdown: flag, targetBlank: flag, includeVars: flag, keepTime: flag"#,
    ),
    ("source", "type?: text, uid?: text"),
    ("annotations", "list?: [annotation]"),
    (
        "annotation",
        r"name: text, datasource?: source, enable: flag, hide?: flag, iconColor: text, target?: target,
        type?: text, builtIn?: number, textFormat?: text, titleFormat?: text, tagKeys?: text,
        useValueForTime?: flag",
    ),
    ("templating", "list?: [variable]"),
    (
        "variable",
        r#"type: "query"|"datasource"|"custom"|"constant"|"interval"|"textbox", name: text, label?: text,
        hide?: whole, skipUrlSync?: flag, description?: text, query?: text|{text}, definition?: text,
        datasource?: source, current?: chosen, multi?: flag, includeAll?: flag, allValue?: text,
        allowCustomValue?: flag, options?: [chosen], refresh?: whole, sort?: whole, regex?: text"#,
    ),
    (
        "chosen",
        "selected?: flag, text: text|[text], value: text|[text]",
    ),
    (
        "panel",
        r#"id?: whole, type: text, title?: text, description?: text, transparent?: flag, datasource?: source,
        gridPos?: place, targets?: [target], fieldConfig?: fields, options?: any, transformations?: [step],
        interval?: text, maxDataPoints?: number, repeat?: text, repeatDirection?: "h"|"v", maxPerRow?: number,
        timeFrom?: text, timeShift?: text, hideTimeOverride?: flag, links?: [link]"#,
    ),
    ("place", "x: whole, y: whole, w: whole, h: whole"),
    (
        "target",
        r#"datasource?: source, refId?: text, expr: text, legendFormat?: text, editorMode?: "code"|"builder",
        instant?: flag, range?: flag, exemplar?: flag, hide?: flag, interval?: text, intervalFactor?: whole,
        format?: "time_series"|"table"|"heatmap""#,
    ),
    ("fields", "defaults: field, overrides: [override]"),
    (
        "field",
        r"unit?: text, decimals?: number, min?: number, max?: number, noValue?: text, displayName?: text,
        description?: text, filterable?: flag, fieldMinMax?: flag, color?: colour, thresholds?: thresholds,
        mappings?: [words|interval], links?: [data link], custom?: any",
    ),
    (
        "data link",
        "title: text, url: text, targetBlank?: flag, oneClick?: flag",
    ),
    (
        "colour",
        r#"mode: "thresholds"|"fixed"|"shades"|"palette-classic"|"palette-classic-by-name",
        fixedColor?: text, seriesBy?: "min"|"max"|"last""#,
    ),
    (
        "thresholds",
        r#"mode: "absolute"|"percentage", steps: [threshold]"#,
    ),
    ("threshold", "value: number|null, color: text"),
    ("words", r#"type: "value", options: {shown}"#),
    ("interval", r#"type: "range", options: bounds"#),
    (
        "bounds",
        "from: number|null, to: number|null, result: shown",
    ),
    (
        "shown",
        "text?: text, color?: text, icon?: text, index?: whole",
    ),
    ("override", "matcher: matcher, properties: [property]"),
    ("matcher", "id: text, options?: any"),
    ("property", "id: text, value?: any"),
    (
        "step",
        "id: text, disabled?: flag, filter?: matcher, options: {any}",
    ),
    // Shared by several kinds of panels.
    (
        "legend",
        r#"displayMode: "list"|"table"|"hidden", placement: "bottom"|"right", showLegend: flag, calcs: [text],
        asTable?: flag, sortBy?: text, sortDesc?: flag, width?: number"#,
    ),
    (
        "tooltip",
        r#"mode: "single"|"multi"|"none", sort: "asc"|"desc"|"none", hideZeros?: flag, maxWidth?: number,
        maxHeight?: number"#,
    ),
    (
        "reduce",
        "calcs: [text], values?: flag, fields?: text, limit?: number",
    ),
    (
        "sizes",
        "titleSize?: number, valueSize?: number, percentSize?: number",
    ),
    (
        "stacking",
        r#"mode?: "none"|"normal"|"percent", group?: text"#,
    ),
    (
        "scale",
        r#"type: "linear"|"log"|"ordinal"|"symlog", log?: number, linearThreshold?: number"#,
    ),
    (
        "line",
        r#"fill?: "solid"|"dash"|"dot"|"square", dash?: [number]"#,
    ),
    ("hidden", "tooltip: flag, legend: flag, viz: flag"),
    // What a kind of panel has of its own: its options, and its fields' `custom` part.
    (
        "options of stat",
        r#"graphMode: "none"|"line"|"area", colorMode: "value"|"background"|"background_solid"|"none",
        justifyMode: "auto"|"center", textMode: "auto"|"value"|"value_and_name"|"name"|"none", wideLayout: flag,
        showPercentChange: flag, percentChangeColorMode: "standard"|"inverted"|"same_as_value",
        orientation: "auto"|"vertical"|"horizontal", reduceOptions: reduce, text?: sizes"#,
    ),
    ("custom of stat", ""),
    (
        "options of bargauge",
        r#"displayMode: "basic"|"lcd"|"gradient", valueMode: "color"|"text"|"hidden",
        namePlacement: "auto"|"top"|"left"|"hidden", showUnfilled: flag, sizing: "auto"|"manual",
        minVizWidth: whole, minVizHeight: whole, maxVizHeight: whole, legend: legend, reduceOptions: reduce,
        orientation: "auto"|"vertical"|"horizontal", text?: sizes"#,
    ),
    ("custom of bargauge", ""),
    (
        "options of state-timeline",
        r#"showValue: "auto"|"never"|"always", rowHeight: number, mergeValues?: flag,
        alignValue?: "center"|"left"|"right", legend: legend, tooltip: tooltip, perPage?: number"#,
    ),
    (
        "custom of state-timeline",
        "lineWidth?: whole, fillOpacity?: whole, spanNulls?: flag|whole, hideFrom?: hidden",
    ),
    (
        "options of timeseries",
        r#"legend: legend, tooltip: tooltip, orientation?: "auto"|"vertical"|"horizontal""#,
    ),
    (
        "custom of timeseries",
        r#"drawStyle?: "line"|"bars"|"points", lineWidth?: number, fillOpacity?: number, lineStyle?: line,
        lineInterpolation?: "linear"|"smooth"|"stepBefore"|"stepAfter", showPoints?: "auto"|"never"|"always",
        pointSize?: number, spanNulls?: flag|number, insertNulls?: flag|number, stacking?: stacking,
        scaleDistribution?: scale, axisPlacement?: "auto"|"top"|"right"|"bottom"|"left"|"hidden",
        axisLabel?: text, axisWidth?: number, axisSoftMin?: number, axisSoftMax?: number, axisGridShow?: flag,
        axisCenteredZero?: flag, axisBorderShow?: flag, hideFrom?: hidden"#,
    ),
    (
        "options of heatmap",
        r#"calculate?: flag, color: heat, filterValues?: limits, rowsFrame?: rows, cellGap?: whole,
        showValue: "auto"|"never"|"always", yAxis: axis, legend: shows, tooltip: hovering, exemplars: dots"#,
    ),
    (
        "heat",
        r#"mode?: "opacity"|"scheme", scheme: text, fill: text, scale?: "linear"|"exponential", exponent: number,
        steps: whole, reverse: flag, min?: number, max?: number"#,
    ),
    ("limits", "le?: number, ge?: number"),
    (
        "rows",
        r#"value?: text, layout?: "le"|"ge"|"unknown"|"auto""#,
    ),
    (
        "axis",
        r#"unit?: text, reverse?: flag, decimals?: number, min?: number, max?: number,
        axisPlacement?: "auto"|"right"|"left"|"hidden""#,
    ),
    ("shows", "show: flag"),
    (
        "hovering",
        r#"mode: "single"|"multi"|"none", yHistogram?: flag, showColorScale?: flag"#,
    ),
    ("dots", "color: text"),
    (
        "custom of heatmap",
        "scaleDistribution?: scale, hideFrom?: hidden",
    ),
    (
        "options of table",
        r#"frameIndex: number, showHeader: flag, showTypeIcons?: flag, cellHeight?: "sm"|"md"|"lg"|"auto""#,
    ),
    (
        "custom of table",
        r#"align: "auto"|"left"|"right"|"center", inspect: flag, cellOptions?: cell, width?: number,
        minWidth?: number, hidden?: flag, filterable?: flag"#,
    ),
    (
        "cell",
        r#"type: "auto"|"color-text"|"color-background", mode?: "basic"|"gradient", applyToRow?: flag"#,
    ),
    (
        "options of text",
        r#"mode: "html"|"markdown"|"code", content: text"#,
    ),
    ("custom of text", ""),
];

/// Where a dashboard is not of the published shape, one line each.
pub(crate) fn findings(dashboard: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check("dashboard", dashboard, "", &mut found);
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    for (number, panel) in panels.enumerate() {
        check_panel(panel, &format!("panels[{number}]"), &mut found);
    }
    found
}

/// What depends on the kind of the panel.
fn check_panel(panel: &Value, path: &str, found: &mut Vec<String>) {
    let kind = panel["type"].as_str().unwrap_or_default();
    let (options, custom) = (format!("options of {kind}"), format!("custom of {kind}"));
    if shape(&options).is_none() {
        found.push(format!(
            "{path}: no shape is known of `{kind}`: add it here"
        ));
        return;
    }
    let nothing = Value::Object(Map::new());
    let or_nothing = |value: &Value| {
        if value.is_null() {
            nothing.clone()
        } else {
            value.clone()
        }
    };
    check(
        &options,
        &or_nothing(&panel["options"]),
        &format!("{path}.options"),
        found,
    );
    let fields = &panel["fieldConfig"];
    let place = format!("{path}.fieldConfig");
    check(
        &custom,
        &or_nothing(&fields["defaults"]["custom"]),
        &format!("{place}.defaults.custom"),
        found,
    );
    let overrides = fields["overrides"].as_array().into_iter().flatten();
    let properties = overrides.flat_map(|one| one["properties"].as_array().into_iter().flatten());
    for property in properties {
        let id = property["id"].as_str().unwrap_or_default();
        let (owner, name) = match id.strip_prefix("custom.") {
            Some(name) => (custom.as_str(), name),
            None => ("field", id),
        };
        let known =
            shape(owner).and_then(|fields| fields.into_iter().find(|field| field.name == name));
        let place = format!("{place}.overrides.{id}");
        match known {
            Some(field) => check(field.is, &property["value"], &place, found),
            None => found.push(format!("{place}: unexpected field")),
        }
    }
}

/// One field of a shape.
struct Field {
    name: &'static str,
    optional: bool,
    is: &'static str,
}

fn shape(name: &str) -> Option<Vec<Field>> {
    let (_, written) = SHAPES.iter().find(|(known, _)| *known == name)?;
    let fields = written
        .split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty());
    let fields = fields.map(|field| {
        let (name, is) = field.split_once(':').expect("a field is `name: type`");
        Field {
            name: name.trim_end_matches('?'),
            optional: name.ends_with('?'),
            is: is.trim(),
        }
    });
    Some(fields.collect())
}

/// Adds what is wrong with `value`, which should be of type `is`.
fn check(is: &str, value: &Value, path: &str, found: &mut Vec<String>) {
    // The bar of a list or map belongs to what is inside.
    let whole = |open, close| {
        let inside = is.strip_prefix(open)?.strip_suffix(close)?;
        (!inside.contains(close)).then_some(inside)
    };
    if let Some(inside) = whole('[', ']') {
        let Some(items) = value.as_array() else {
            found.push(format!("{path}: {value} is not a list"));
            return;
        };
        for (number, item) in items.iter().enumerate() {
            check(inside, item, &format!("{path}[{number}]"), found);
        }
    } else if let Some(inside) = whole('{', '}') {
        let Some(fields) = value.as_object() else {
            found.push(format!("{path}: {value} is not a map"));
            return;
        };
        for (name, field) in fields {
            check(inside, field, &format!("{path}.{name}"), found);
        }
    } else if is.contains('|') {
        let is_one = |one: &str| {
            let mut found = Vec::new();
            check(one, value, path, &mut found);
            found.is_empty()
        };
        if !is.split('|').any(is_one) {
            found.push(format!("{path}: {value} is none of {is}"));
        }
    } else if let Some(fields) = shape(is) {
        check_fields(&fields, value, path, found);
    } else if !is_plain(is, value) {
        found.push(format!("{path}: {value} is not a {is}"));
    }
}

/// Whether `value` is of a type that is no shape.
fn is_plain(is: &str, value: &Value) -> bool {
    match is {
        "any" => true,
        "text" => value.is_string(),
        "flag" => value.is_boolean(),
        "number" => value.is_number(),
        "whole" => value.is_u64(),
        "null" => value.is_null(),
        word => {
            assert!(word.starts_with('"'), "no shape has the name {word}");
            value.as_str() == Some(word.trim_matches('"'))
        }
    }
}

fn check_fields(fields: &[Field], value: &Value, path: &str, found: &mut Vec<String>) {
    let Some(given) = value.as_object() else {
        found.push(format!("{path}: {value} has no fields"));
        return;
    };
    for field in fields {
        let path = format!("{path}.{}", field.name);
        match given.get(field.name) {
            Some(value) => check(field.is, value, &path, found),
            None if field.optional => {}
            None => found.push(format!("{path}: required field is missing")),
        }
    }
    let unexpected = given
        .keys()
        .filter(|name| fields.iter().all(|field| field.name != **name));
    found.extend(unexpected.map(|name| format!("{path}.{name}: unexpected field")));
}
