package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"healthagent/app/config"
)

const password = "p@ss/w\"ö rd:1"

func secrets(t *testing.T) config.Config {
	t.Helper()
	c, _, err := load(0, nil, nil, "TELEGRAM_TOKEN="+token,
		"DATABASE_URL=postgres://"+url.UserPassword("ha", password).String()+"@db/ha", "REDIS_URL=redis://:shrt@cache:6379")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// leaks returns which secret a text still shows.
func leaks(text string) string {
	for _, secret := range []string{
		tokenKey, password, url.QueryEscape(password), url.PathEscape(password), "shrt",
	} {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}

func TestRedactorCleansEveryForm(t *testing.T) {
	t.Parallel()
	c := secrets(t)
	redact := config.Redactor(c)
	document, err := json.Marshal(map[string]string{"dsn": password})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"https://api.telegram.org/bot" + token + "/getMe",
		"path /bot" + url.PathEscape(token) + "/x and " + strings.ToLower(url.QueryEscape("123456789:")) + tokenKey,
		"half " + tokenKey,
		c.DatabaseURL.Reveal(),
		"user:" + password + "@host",
		url.UserPassword("u", password).String(),
		strings.NewReplacer("%2F", "%2f", "%C3%B6", "%c3%b6", "%3A", "%3a").Replace(url.QueryEscape(password)),
		fmt.Sprintf("%q", password),
		string(document),
		c.RedisURL.Reveal(),
		"dial :shrt@cache",
		"password=shrt",
	} {
		clean := redact(text)
		if secret := leaks(clean); secret != "" {
			t.Errorf("%q still shows %q", clean, secret)
		}
		if !strings.Contains(clean, config.Mask) {
			t.Errorf("%q has no mask", clean)
		}
	}
	if got := redact("DB Pool: 2/4 active, shrtcut, user ha"); got != "DB Pool: 2/4 active, shrtcut, user ha" {
		t.Errorf("an innocent line became %q", got)
	}
	if got := redact("/bot" + token + "/getMe"); got != "/bot[secret]/getMe" {
		t.Errorf("token in a path became %q", got)
	}
}

func TestRedactorLeavesWordsThatAreNoSecret(t *testing.T) {
	t.Parallel()
	c, _, err := load(0, nil, nil, "DATABASE_URL=postgres://healthagent:healthagent@localhost/healthagent")
	if err != nil {
		t.Fatal(err)
	}
	redact := config.Redactor(c)
	if got := redact("healthagent.service started"); got != "healthagent.service started" {
		t.Errorf("got %q", got)
	}
	if got := redact("postgres://healthagent:healthagent@localhost"); got != "postgres://healthagent:[secret]@localhost" {
		t.Errorf("got %q", got)
	}
	if got := config.Redactor(config.Config{})("text"); got != "text" {
		t.Errorf("without secrets: %q", got)
	}
}

// tokenError is the error the HTTP client really gives for a Bot API call.
func tokenError(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:1/bot"+token+"/getMe", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(request)
	if err == nil {
		response.Body.Close()
		t.Fatal("the call went through")
	}
	return fmt.Errorf("poll: %w", &url.Error{Op: "Post", URL: request.URL.String(), Err: err})
}

type shy struct{ URL string }

func (s shy) LogValue() slog.Value { return slog.GroupValue(slog.String("url", s.URL)) }

func TestRedactingHandler(t *testing.T) {
	t.Parallel()
	c := secrets(t)
	failure := tokenError(t)
	if !strings.Contains(failure.Error(), tokenKey) {
		t.Fatal("the fixture is too weak: its error has no token")
	}
	target, err := url.Parse("http://h/bot" + token + "/x")
	if err != nil {
		t.Fatal(err)
	}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log := slog.New(config.NewRedactingHandler(handler(&out), config.Redactor(c)))
			log.With("base", "/bot"+token).WithGroup("g").Info("calling /bot"+token+"/getMe",
				"err", failure,
				"joined", errors.Join(errors.New("x"), failure),
				"url", target,
				"struct", struct{ U *url.URL }{target},
				"bytes", []byte(token),
				"map", map[string]any{"k": []string{token}},
				slog.Group("inner", "dsn", c.DatabaseURL.Reveal()),
				"valuer", shy{target.String()},
				"secret", c.TelegramToken,
				token, 1,
				"count", 42, "plain", errors.New("no secret"))
			text := out.String()
			if secret := leaks(text); secret != "" {
				t.Errorf("the log shows %q:\n%s", secret, text)
			}
			for _, want := range []string{"42", "no secret", "getMe", "inner"} {
				if !strings.Contains(text, want) {
					t.Errorf("the log has lost %q:\n%s", want, text)
				}
			}
		})
	}
}

func TestRedactingHandlerKeepsLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	under := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})
	log := slog.New(config.NewRedactingHandler(under, config.Redactor(config.Config{})))
	log.Info("quiet")
	if out.Len() != 0 {
		t.Errorf("an info line passed: %s", out.String())
	}
}

// FuzzAddressesAreMasked puts a marked password into every place an address has for one
// and holds that neither the report, an error, nor a redacted line shows the mark.
func FuzzAddressesAreMasked(f *testing.F) {
	const mark = "zQ9x7markW"
	for _, seed := range []string{"", "p@ss", "a b", "x'y", `\`, "&c", "#/?", "%41", ":", "日本"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, "\x00") {
			return
		}
		secret := before + mark + after
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(secret)
		for _, address := range []string{
			"postgres://" + url.UserPassword("u", secret).String() + "@h/d",
			"postgres://u:" + secret + "@h/d", // not escaped: refused, or understood somehow
			"postgres://u@h/d?sslmode=disable&password=" + url.QueryEscape(secret),
			"host=h password='" + quoted + "' dbname=d",
			"host=h sslpassword = '" + quoted + "'",
			"user=u password='" + quoted,
		} {
			c, report, err := load(0, nil, nil, "DATABASE_URL="+address)
			shown := fmt.Sprint(report.Values, err)
			if strings.Contains(shown, mark) {
				t.Errorf("%q is shown: %s", address, shown)
			}
			if line := config.Redactor(c)("connecting to " + address); err == nil && strings.Contains(line, mark) {
				t.Errorf("%q is logged: %s", address, line)
			}
		}
	})
}
