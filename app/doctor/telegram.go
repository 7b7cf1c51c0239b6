package doctor

import (
	"context"
	"errors"
	"strings"

	"healthagent/app/telegram"
)

func telegramChecks() []check {
	return []check{{"telegram-bot", "Telegram", setting, checkTelegram}}
}

func checkTelegram(_ context.Context, v *visit) answer {
	if v.Config.TelegramToken == "" {
		return skipped("there is no token to ask with")
	}
	me, err := v.me()
	switch {
	case errors.Is(err, telegram.ErrRevoked):
		return failure(v.newToken(), "Telegram refuses the token: it was revoked, or is another bot's")
	case errors.Is(err, errUnasked):
		return skipped("its updates have not been asked for yet")
	case err != nil:
		return warning("curl -sS --max-time 5 -o /dev/null -w '%{http_code}\\n' "+strings.TrimRight(v.Config.TelegramAPIURL, "/")+"/",
			"it cannot be reached, and messages wait until it can: %v", err)
	case me.Username == "":
		return well("it answers")
	default:
		return well("it answers: the bot is @%s", me.Username)
	}
}
