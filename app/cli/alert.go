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
		t.close()
		cfg, report, err := t.load(command)
		if err != nil && cfg.TelegramToken == "" {
			return err
		} // else the mistake may be why the unit has failed, and the message can be sent
		if err := t.asService(report); err != nil {
			return err
		}
		unit := args[0]
		if filepath.Ext(unit) == "" { // as systemctl reads it
			unit += ".service"
		}
		return t.alert(command.Context(), cfg, unit, args[0])
	}
	return command
}

// alert sends the one message, unless the same was told within the last hour. Of a service that is started again some versions of systemd
// say that it has failed, and others do not: it tells that itself when it runs. Who starts this for a unit that has not failed wants to
// see whether messages arrive. instance is as systemd gave it.
func (t *terminal) alert(ctx context.Context, cfg config.Config, unit, instance string) error {
	if len(cfg.Admins) == 0 {
		t.note("healthagent: HEALTHAGENT_ADMINS names nobody who could be told of %s", unit)
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
	again := t.triedBefore(ctx, instance)
	state := t.unitState(ctx, unit, !again) // meanwhile it may have been mended
	switch state.kind() {
	case unitWell:
		if again {
			t.note("healthagent: %s is well again before anybody could be told that it had failed", unit)
			return nil
		}
		return t.tell(ctx, cfg, "healthagent on "+host+"\n\nThis is a message on trial: "+unit+" has not failed.")
	case unitAgain:
		t.note("healthagent: %s has failed and is started again: it tells that itself", unit)
		return nil
	}
	book, err := alarm.Open(filepath.Join(cfg.StateDir, "alert.json"), host, t.now)
	if err != nil {
		t.note("healthagent: warning: %v", err)
	}
	book.Happened(strings.Join([]string{unit, state["Result"], state["ExecMainStatus"]}, " "), failed(unit, state), "journalctl -u "+unit)
	message, due := book.Look(nil)
	if !due {
		t.note("healthagent: the administrators were told of %s within the last hour", unit)
		return nil
	}
	if err := t.tell(ctx, cfg, message.Text); err != nil {
		return err
	}
	if err := book.Told(message); err != nil {
		t.note("healthagent: warning: %v", err)
	}
	return nil
}

// tell sends a text to the administrators. Somebody must have got it.
func (t *terminal) tell(ctx context.Context, cfg config.Config, text string) error {
	told, err := telegram.Tell(ctx, telegram.Telling{
		Token: cfg.TelegramToken.Reveal(), APIURL: cfg.TelegramAPIURL, Chats: cfg.Admins, Text: text, Redact: config.Redactor(cfg),
	})
	if told == 0 {
		kind := fault.Refused
		if telegram.Later(err) {
			kind = fault.Unavailable // its exit code has systemd try again
		}
		return fault.Wrap(kind, "the administrators could not be told", err)
	}
	if err != nil {
		t.note("healthagent: warning: not all administrators could be told: %v", err)
	}
	t.note("healthagent: %d of %d administrators were told", told, len(cfg.Admins))
	return nil
}

// triedBefore reports whether systemd has started this alert again because nobody could be told.
func (t *terminal) triedBefore(ctx context.Context, instance string) bool {
	if t.getenv("INVOCATION_ID") == "" {
		return false // somebody's shell
	}
	again := t.unitState(ctx, "healthagent-alert@"+instance+".service", false)["NRestarts"]
	return again != "" && again != "0"
}

// unitState is what systemd says of a unit: its ActiveState, Result and so on; empty where systemd cannot be asked.
type unitState map[string]string

// kind is what is to be told of a unit.
func (s unitState) kind() unitKind {
	active, success := s["ActiveState"], s["Result"] == "success" || s["Result"] == ""
	switch {
	case active != "" && active != "failed" && success:
		return unitWell
	case active == "active" || active == "activating":
		return unitAgain
	}
	return unitDown
}

type unitKind int

const (
	unitDown  unitKind = iota
	unitWell           // it has not failed
	unitAgain          // it has, and is started again
)

// unitState asks systemd. Newer versions tell the unit that is started by OnFailure= in its environment how the other ended: told says that
// this is still so.
func (t *terminal) unitState(ctx context.Context, unit string, told bool) unitState {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	state := unitState{}
	for _, line := range (direct.Unit{Name: unit}).State(ctx) {
		key, value, _ := strings.Cut(line, "=")
		state[key] = value
	}
	if result := t.getenv("MONITOR_SERVICE_RESULT"); told && result != "" && t.getenv("MONITOR_UNIT") == unit {
		state["Result"], state["ExecMainStatus"] = result, t.getenv("MONITOR_EXIT_STATUS")
	}
	return state
}

// failed says in words how a unit has failed. What it logged is not told: that may be private.
func failed(unit string, state unitState) string {
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
