package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"healthagent/app/rehearsal/botapi"
)

// judgeHTML asks the simulated Telegram what it thinks of a message, without a listener.
type judgeHTML struct {
	server *botapi.Server
	mu     sync.Mutex
}

func newJudge(t testing.TB) *judgeHTML {
	t.Helper()
	s := botapi.New(botapi.Config{Token: token, KeepEvents: 1, KeepMessages: 1})
	t.Cleanup(s.Close)
	s.Say(7, "hello")
	return &judgeHTML{server: s}
}

type answerTo struct {
	header http.Header
	body   strings.Builder
}

func (a *answerTo) Header() http.Header         { return a.header }
func (a *answerTo) WriteHeader(int)             {}
func (a *answerTo) Write(b []byte) (int, error) { return a.body.Write(b) }

// plain is the text that people see; an error when Telegram refuses the message.
func (j *judgeHTML) plain(text string) (string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	body, err := json.Marshal(map[string]any{"chat_id": 7, "text": text, "parse_mode": "HTML"})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://x/bot"+token+"/sendMessage", strings.NewReader(string(body)))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	answer := &answerTo{header: http.Header{}}
	j.server.ServeHTTP(answer, req)
	var got struct {
		OK          bool
		Description string
		Result      struct{ Text string }
	}
	if err := json.NewDecoder(strings.NewReader(answer.body.String())).Decode(&got); err != nil && err != io.EOF {
		return "", err
	}
	if !got.OK {
		return "", fmt.Errorf("refused: %s", got.Description)
	}
	return got.Result.Text, nil
}

// solid is a text without what may be lost at a cut, and without what Telegram takes out.
func solid(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r < 0x20 || r >= 0x2028 && r <= 0x202e || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}

// hold checks all that must be true of the parts of a message.
func (j *judgeHTML) hold(t *testing.T, text string) []string {
	t.Helper()
	parts := split(text)
	if len(parts) == 0 {
		t.Fatal("no part")
	}
	var all strings.Builder
	for i, part := range parts {
		if n := units(part); n > maxText {
			t.Fatalf("part %d has %d units", i, n)
		}
		if len(parts) == 1 {
			return parts
		}
		if !utf8.ValidString(part) && utf8.ValidString(text) {
			t.Fatalf("part %d is broken UTF-8", i)
		}
		seen, err := j.plain(part)
		if err != nil {
			t.Fatalf("part %d of %d: %v\n%q", i, len(parts), err, part)
		}
		all.WriteString(seen)
	}
	if want, got := solid(plain(text)), solid(all.String()); want != got {
		at := 0
		for at < min(len(want), len(got)) && want[at] == got[at] {
			at++
		}
		t.Fatalf("the text changed at byte %d: want %.60q, got %.60q", at, want[at:], got[at:])
	}
	return parts
}

func TestSplit(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	paragraph := strings.Repeat("word ", 500)
	for _, c := range []struct {
		name, text string
		parts      int
		first      string // how the first part ends
	}{
		{"empty", "", 1, ""},
		{"fits exactly", strings.Repeat("x", 4096), 1, "x"},
		{"one too many", strings.Repeat("x", 4097), 2, "x"},
		{"emoji count two", strings.Repeat("🍳", 2048), 1, "🍳"},
		{"one emoji too many", strings.Repeat("🍳", 2049), 2, "🍳"},
		{"paragraphs", "<b>one</b> " + paragraph + "\n\n<i>two</i> " + paragraph, 2, "word"},
		{"paragraphs before lines", paragraph + "\n\nshort\n" + paragraph, 2, "word"},
		{"lines before words", paragraph + "end of line\n" + paragraph, 2, "end of line"},
		{"words", strings.Repeat("longish ", 1000), 2, "longish"},
		{"a short beginning is not left alone", "hi\n\n" + strings.Repeat("longish ", 900), 2, "longish"},
		{"entities", strings.Repeat("&amp;", 2000), 3, "&amp;"},
		{"numeric entities", strings.Repeat("&#39;", 2000), 3, "&#39;"},
		{"escaped tags", strings.Repeat("&lt;b&gt;", 1000), 3, ";"},
		{"a tag across the cut", "<b>" + strings.Repeat("longish ", 1000) + "</b>", 2, "longish</b>"},
		{"nested tags across the cut", "<b>a <i>" + strings.Repeat("longish ", 1000) + "</i></b>", 2, "longish</i></b>"},
		{"a tag across paragraphs", "<blockquote>" + paragraph + "\n\n" + paragraph + "</blockquote>", 2, "word</blockquote>"},
		{"a link across the cut", `<a href="https://example.org/?a=1&amp;b=2">` + strings.Repeat("x", 5000) + "</a>", 2, "x</a>"},
		{"many tags", strings.Repeat("<b>x</b> ", 1500), 4, "</b>"},
		{"unbalanced", "<b>" + strings.Repeat("longish ", 1000), 2, "longish"},
		{"crossing", "<b><i>" + strings.Repeat("longish ", 1000) + "</b></i>", 2, "longish"},
		{"too deep", strings.Repeat("<b>", 1000) + "x" + strings.Repeat("</b>", 1000), 1, "x"},
		{"unescaped", strings.Repeat("a < b & c > d ", 500), 3, ""},
		{"spaces only", strings.Repeat(" ", 9000), 1, ""},
		{"a desert between", "a" + strings.Repeat("\n", 9000) + "b", 2, "a"},
		{"a family is not cut", strings.Repeat("x", 4090) + "👨‍👩‍👧‍👦 and on", 2, "x"},
		{"a flag is not cut", strings.Repeat("x", 4094) + "🇩🇪🇫🇷", 2, "x"},
		{"a skin tone is not cut", strings.Repeat("x", 4094) + "👍🏽", 2, "x"},
		{"an accent is not cut", strings.Repeat("x", 4095) + "e\u0301", 2, "x"},
	} {
		parts := j.hold(t, c.text)
		if len(parts) != c.parts || !strings.HasSuffix(parts[0], c.first) {
			t.Errorf("%s: %d parts, the first ends in %q", c.name, len(parts), parts[0][max(0, len(parts[0])-30):])
		}
	}
}

func FuzzSplit(f *testing.F) {
	j := newJudge(f)
	for _, s := range []string{"a ", "<b>bold</b> and <i>more</i>\n", "&lt;x&gt;\n\n", "👨‍👩‍👧‍👦🇩🇪", "<b>open", "</b>", "&", "<", "e\u0301", "<a href=\"x\">l</a>"} {
		f.Add(s, uint16(900), false)
		f.Add(s, uint16(700), true)
	}
	f.Fuzz(func(t *testing.T, s string, n uint16, raw bool) {
		s = strings.ToValidUTF8(s, "")
		if len(s) == 0 || len(s) > 2000 {
			return
		}
		if !raw { // what people write
			s = "<b>" + html.EscapeString(s) + "</b> "
		} else if !knownTags(s) {
			return
		}
		j.hold(t, strings.Repeat(s, min(int(n)%1000+1, 40_000/len(s)+1)))
	})
}

// knownTags reports whether a text has no tags but those that we use: what else there is Telegram may refuse whatever is done.
func knownTags(s string) bool {
	for _, tag := range tagPattern.FindAllString(s, -1) {
		switch tag {
		case "<b>", "</b>", "<i>", "</i>", "<code>", "</code>", "<u>", "</u>":
		default:
			return false
		}
	}
	return !strings.ContainsAny(s, "<&") || !strings.Contains(strings.NewReplacer("<b>", "", "</b>", "", "<i>", "", "</i>", "").Replace(s), "<")
}

func FuzzCut(f *testing.F) {
	f.Add("hello", 3)
	f.Add("🍳🍳🍳", 4)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = 1 + (n%300+300)%300
		got := cut(s, n)
		if units(got) > max(n, 2) || units(s) <= n && got != s {
			t.Fatalf("cut(%q, %d) = %q", s, n, got)
		}
	})
}
