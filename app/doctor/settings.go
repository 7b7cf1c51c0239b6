package doctor

import (
	"cmp"
	"context"
	"strings"

	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/store"
)

func settingChecks() []check {
	return []check{
		{"config-settings", "settings", setting, checkSettings},
		{"config-token", "bot token", setting, checkToken},
		{"config-admins", "administrators", setting, checkAdmins},
		{"config-access", "access", setting, checkAccess},
	}
}

// tokenName is the setting that has a check of its own.
const tokenName = "TELEGRAM_TOKEN"

// envFile is where settings are written.
func (v *visit) envFile() string { return cmp.Or(v.Config.EnvFile, config.DefaultEnvFile) }

// restart is how a change of the settings takes effect.
func (v *visit) restart() string {
	if v.installed() {
		return "systemctl restart healthagent"
	}
	return "start 'healthagent serve' again"
}

func checkSettings(_ context.Context, v *visit) answer {
	check := "healthagent config check"
	if v.Config.EnvFile != "" {
		check += " --env-file " + fault.Word(v.Config.EnvFile)
	}
	var wrong []string
	for _, p := range v.Report.Problems {
		if p.Setting != tokenName { // it has a check of its own
			wrong = append(wrong, p.String())
		}
	}
	if url := v.Config.DatabaseURL.Reveal(); url != "" {
		if err := store.CheckURL(url); err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	switch {
	case len(wrong) > 0:
		return failure("Mend it in "+v.envFile()+", then: "+check+" && "+v.restart(), "%s", strings.Join(wrong, "; "))
	case len(v.Report.Warnings) > 0:
		return warning("Mend it in "+v.envFile()+", then: "+check, "%s", strings.Join(v.Report.Warnings, "; "))
	case v.Config.EnvFile == "" && v.installed():
		return well("they are right")
	case v.Config.EnvFile == "":
		return well("they are right; there is no env file")
	default:
		return well("%s is right", v.Config.EnvFile)
	}
}

func checkToken(_ context.Context, v *visit) answer {
	for _, p := range v.Report.Problems {
		if p.Setting == tokenName {
			return failure(v.newToken(), "%s", p.String())
		}
	}
	if v.Config.TelegramToken == "" {
		return failure(v.newToken(), "there is none, and the service does not start without (exit code 78)")
	}
	return well("it is there, from %s", v.Report.Source(tokenName))
}

// tokenFile is where an installed service has its token from.
const tokenFile = "/etc/healthagent/credentials/telegram-token"

// newToken is how to give the bot a token without showing it to anybody.
func (v *visit) newToken() string {
	if v.installed() {
		return "read -rsp 'Token of @BotFather: ' T && printf '%s\\n' \"$T\" | install -D -m 0600 /dev/stdin " + tokenFile + " && unset T && " + v.restart()
	}
	return "Put the token that @BotFather gave you into a file that only you can read, name the file with TELEGRAM_TOKEN_FILE, and " + v.restart() + "."
}

func checkAdmins(_ context.Context, v *visit) answer {
	if n := len(v.Config.Admins); n > 0 {
		return well("%s", plural(n, "one Telegram id", "%d Telegram ids"))
	}
	return warning("Write HEALTHAGENT_ADMINS=<your Telegram id> into "+v.envFile()+", then: "+v.restart(),
		"HEALTHAGENT_ADMINS is empty: nobody is told in Telegram when something breaks")
}

func checkAccess(_ context.Context, v *visit) answer {
	if v.Config.Access == config.AccessOpen {
		return well("open: whoever finds the bot may use it")
	}
	return well("by invite codes")
}
