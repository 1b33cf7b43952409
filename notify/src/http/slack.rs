//! What Slack's one-word answers mean for whoever has to mend it (Slack's documentation of incoming
//! webhooks, "Handling errors").

/// A hint for a word of Slack's.
pub(super) fn hint(word: &str) -> Option<&'static str> {
    Some(match word {
        "invalid_payload" => "Slack can't read the message: a bound of its blocks or texts is exceeded",
        "invalid_blocks" | "invalid_blocks_format" => {
            "a block of the message has a form that Slack does not take"
        }
        "no_text" | "missing_text_or_fallback_or_attachments" => "the message has neither a text nor blocks",
        "too_many_attachments" => "the message has more than 100 attachments",
        "action_prohibited" => "an administrator of the workspace has restricted posting by this webhook",
        "posting_to_general_channel_denied" => "only administrators may post to the general channel",
        "channel_not_found" => "the channel is gone or is not this webhook's",
        "channel_is_archived" => "the channel is archived: name another one",
        "user_not_found" => "the user that the message is for does not exist",
        "no_service" | "no_service_id" | "no_active_hooks" | "invalid_token" => {
            "the webhook was removed or its address is wrong: make a new one"
        }
        "no_team" | "team_disabled" => "the workspace is gone",
        "rollup_error" => "something at Slack's went wrong",
        _ => return None,
    })
}
