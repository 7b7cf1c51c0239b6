package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/alarm"
	"healthagent/app/config"
	"healthagent/app/direct"
	"healthagent/app/fault"
	"healthagent/app/telegram"
)

// alertTime bounds an alert; systemd's patience with it is longer.
const alertTime = 75 * time.Second

// unitName is what systemd takes for the name of a unit, without what could be an option.
var unitName = regexp.MustCompile(`^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$`)

// alertVerb is run by healthagent-alert@.service, when another unit has failed. It needs neither the database nor the daemon.
func (t *terminal) alertVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "alert UNIT", Short: "Tell the administrators that a unit of systemd has failed", Hidden: true, Args: cobra.ExactArgs(1),
	}
	command.RunE = func(command *cobra.Command, args []string) error {
		if !unitName.MatchString(args[0]) {
			return fault.New(fault.Usage, fmt.Sprintf("%q is no name of a unit", args[0]))
		}
		cfg, report, err := t.load(command)
		if err != nil && cfg.TelegramToken == "" {
			return err
		} // else the mistake may be why the unit has failed, and the message can be sent
		if err := t.asService(report); err != nil {
			return err
		}
		return t.alert(command.Context(), cfg, args[0])
	}
	return command
}

// alert sends the one message, unless the same was told within the last hour. Of a service that is started again some versions of systemd
// say that it has failed, and others do not: it tells that itself when it runs.
func (t *terminal) alert(ctx context.Context, cfg config.Config, unit string) error {
	if len(cfg.Admins) == 0 {
		t.note("healthagent: %s has failed; HEALTHAGENT_ADMINS names nobody who could be told", unit)
		return nil
	}
	if err := cfg.Require(tokenSetting); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, alertTime)
	defer cancel()
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	book, err := alarm.Open(filepath.Join(cfg.StateDir, "alert.json"), host, t.now)
	if err != nil {
		t.note("healthagent: warning: %v", err)
	}
	state := t.unitState(ctx, unit)
	if active := state["ActiveState"]; active == "active" || active == "activating" {
		t.note("healthagent: %s has failed and is started again: it tells that itself", unit)
		return nil
	}
	book.Happened(unit, failed(unit, state), "journalctl -u "+unit)
	message, due := book.Look(nil)
	if !due {
		t.note("healthagent: %s has failed; the administrators were told enough within the last hour", unit)
		return nil
	}
	told, err := telegram.Tell(ctx, telegram.Telling{
		Token: cfg.TelegramToken.Reveal(), APIURL: cfg.TelegramAPIURL, Chats: cfg.Admins, Text: message.Text, Redact: config.Redactor(cfg),
	})
	if told == 0 {
		return fault.Wrap(fault.Unavailable, "the administrators could not be told that "+unit+" has failed", err)
	}
	if err != nil {
		t.note("healthagent: warning: not all administrators could be told: %v", err)
	}
	if err := book.Told(message); err != nil {
		t.note("healthagent: warning: %v", err)
	}
	t.note("healthagent: %d of %d administrators were told that %s has failed", told, len(cfg.Admins), unit)
	return nil
}

// unitState is what systemd says of a unit: its ActiveState, Result and so on. Newer versions tell the unit that is started by OnFailure=
// in its environment how the other ended.
func (t *terminal) unitState(ctx context.Context, unit string) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	state := map[string]string{}
	for _, line := range (direct.Unit{Name: unit}).State(ctx) {
		key, value, _ := strings.Cut(line, "=")
		state[key] = value
	}
	if result := t.getenv("MONITOR_SERVICE_RESULT"); result != "" && t.getenv("MONITOR_UNIT") == unit {
		state["Result"], state["ExecMainStatus"] = result, t.getenv("MONITOR_EXIT_STATUS")
	}
	return state
}

// failed says in words how a unit has failed. What it logged is not told: that may be private.
func failed(unit string, state map[string]string) string {
	text := unit + " has failed"
	if how := howFailed(state["Result"], state["ExecMainStatus"]); how != "" {
		text += ": " + how
	}
	if unit == "healthagent.service" {
		text += ". It stays down"
	}
	return text
}

func howFailed(result, status string) string {
	switch result {
	case "exit-code":
		switch status {
		case "69":
			return "what it needs was away (exit code 69)"
		case "78":
			return "its settings are wrong (exit code 78)"
		case "":
			return ""
		}
		return "exit code " + status
	case "signal", "core-dump":
		return strings.TrimSpace("it was killed by signal " + status)
	case "watchdog":
		return "it did not answer any more"
	case "timeout":
		return "it took too long"
	case "oom-kill":
		return "it used too much memory"
	case "start-limit-hit":
		return "it failed again and again"
	case "resources", "protocol":
		return "systemd could not run it (" + result + ")"
	}
	return ""
}
