//! Apps, as the API says them.

use app::apps::ReservedNumber;
use domain::AppSettings;

pub(crate) fn settings(settings: AppSettings) -> api::AppSettings {
    api::AppSettings {
        identifier: settings.identifier,
        export_compliance: settings.export_compliance.as_str().to_owned(),
        last_build_number: settings.last_build_number,
        changed_at: settings.changed_at,
    }
}

pub(crate) fn reserved(number: ReservedNumber) -> api::BuildNumber {
    api::BuildNumber {
        build_number: number.build_number,
        highest_at_apple: number.highest_at_apple,
    }
}
