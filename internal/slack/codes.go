package slack

import (
	"fmt"
	"strings"
)

// classOf sorts Slack's error codes. A code that is not listed is Unexpected, which callers must not repeat blindly.
func classOf(code string) Class {
	switch code {
	case "channel_not_found", "message_not_found", "thread_not_found", "is_archived", "user_not_found", "users_not_found", "user_not_visible",
		"user_disabled", "cannot_dm_bot", "messages_tab_disabled", "expired_trigger_id", "exchanged_trigger_id":
		return NotFound
	case "not_in_channel", "user_not_in_channel":
		return NotInChannel
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission", "missing_scope",
		"not_allowed_token_type", "org_login_required", "access_denied", "ekm_access_denied", "team_access_not_granted",
		"enterprise_is_restricted", "two_factor_setup_required", "restricted_action", "restricted_action_read_only_channel",
		"restricted_action_thread_only_channel", "restricted_action_non_threadable_channel":
		return Auth
	case "service_unavailable", "internal_error", "fatal_error", "request_timeout", "team_added_to_org", "accesslimited":
		return Unavailable
	case "no_text", "msg_too_long", "invalid_blocks", "invalid_blocks_format", "invalid_arguments", "invalid_arg_name",
		"invalid_array_arg", "invalid_charset", "invalid_form_data", "invalid_post_type", "missing_post_type", "invalid_cursor",
		"invalid_limit", "invalid_ts_latest", "invalid_ts_oldest", "invalid_metadata_format", "invalid_metadata_schema",
		"metadata_must_be_sent_from_app", "metadata_too_large", "missing_argument", "cant_update_message", "edit_window_closed",
		"cannot_reply_to_message", "too_many_attachments", "message_limit_exceeded", "slack_connect_file_link_sharing_blocked",
		"block_mismatch", "cant_delete_message", "method_deprecated", "unknown_method":
		return Invalid
	}
	return Unexpected
}

// advice says what a person has to do about a code.
func (c *Client) advice(class Class, f *failure, channel string) string {
	where := c.show(channel)
	switch class {
	case NotInChannel:
		return fmt.Sprintf("invite the bot with /invite @%s in %s", c.botName(), where)
	case NotFound:
		return adviceNotFound(f.code, where, c.botName())
	case Auth:
		return adviceAuth(f, where)
	case Unavailable:
		return "Slack cannot serve the call now; it is tried again later. See https://slack-status.com"
	case Invalid:
		return "Slack refuses the request and repeating it cannot help; report this as a bug" + details(f)
	case RateLimited, Ambiguous, Canceled, Unexpected:
	}
	return "Slack answered with a code that Gatehouse does not know; see https://docs.slack.dev/reference/methods" + details(f)
}

func adviceNotFound(code, where, bot string) string {
	switch code {
	case "channel_not_found":
		return fmt.Sprintf("Slack shows the bot no channel %s; check the name in notify.slack, and if it is private, /invite @%s there", where, bot)
	case "user_not_found", "users_not_found", "user_not_visible", "user_disabled", "cannot_dm_bot":
		return "Slack takes no direct messages for that person; the account is gone or does not accept them"
	case "messages_tab_disabled":
		return "switch on the Messages Tab of the Slack app under App Home, so that it can write to people"
	case "expired_trigger_id", "exchanged_trigger_id":
		return "the click is too old to be answered with a form; press again"
	case "is_archived":
		return fmt.Sprintf("%s is archived; unarchive it or name another channel in notify.slack", where)
	}
	return fmt.Sprintf("the message in %s is gone, somebody deleted it; post a new one", where)
}

func adviceAuth(f *failure, where string) string {
	switch f.code {
	case "missing_scope":
		return fmt.Sprintf("add the scope %s to the Slack app and install it again", orElse(f.needed, "that the method needs"))
	case "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel":
		return fmt.Sprintf("the workspace does not let the app post in %s; an owner can allow it in the channel's posting permissions", where)
	}
	return "Slack does not accept the bot token; install the app again and set SLACK_BOT_TOKEN to the new token"
}

func details(f *failure) string {
	if len(f.details) == 0 {
		return ""
	}
	return " (Slack says: " + strings.Join(f.details, "; ") + ")"
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
