//! The findings of the shape check in a dashboard with one fault.

use end_to_end::dashboards;
use serde_json::Value;

use crate::shape;

/// What the check finds when one place of the fleet's dashboard is other than it should be.
fn findings_after(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut dashboards = dashboards();
    let fleet = dashboards.iter_mut().find(|(file, _)| file == "fleet.json");
    let (_, fleet) = fleet.expect("it exists");
    change(fleet);
    shape::findings(fleet)
}

#[test]
fn a_field_that_is_missing_misspelt_or_of_another_type_is_found() {
    let missing = findings_after(|fleet| {
        let options = fleet["panels"][0]["options"].as_object_mut();
        options.expect("options").remove("showPercentChange");
    });
    assert_eq!(
        missing,
        ["panels[0].options.showPercentChange: required field is missing"]
    );
    let misspelt = findings_after(|fleet| {
        fleet["panels"][0]["options"]["colourMode"] = "value".into();
    });
    assert_eq!(misspelt, ["panels[0].options.colourMode: unexpected field"]);
    let mistyped = findings_after(|fleet| {
        fleet["annotations"]["list"][1]["useValueForTime"] = "on".into();
    });
    assert_eq!(
        mistyped,
        [".annotations.list[1].useValueForTime: \"on\" is not a flag"]
    );
    let in_an_override = findings_after(|fleet| {
        let properties = &mut fleet["panels"][11]["fieldConfig"]["overrides"][0]["properties"];
        properties[0] = serde_json::json!({ "id": "custom.lineStile", "value": {} });
    });
    assert_eq!(
        in_an_override,
        ["panels[11].fieldConfig.overrides.custom.lineStile: unexpected field"]
    );
    let unknown = findings_after(|fleet| fleet["panels"][0]["type"] = "canvas".into());
    assert_eq!(
        unknown,
        ["panels[0]: no shape is known of `canvas`: add it here"]
    );
}
