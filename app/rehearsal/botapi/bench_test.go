package botapi_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"healthagent/app/rehearsal/botapi"
)

// BenchmarkSendMessage measures whole requests over loopback, client included.
func BenchmarkSendMessage(b *testing.B) {
	srv := botapi.New(botapi.Config{Token: token, KeepEvents: 1000, KeepMessages: 100})
	defer srv.Close()
	url, err := srv.Start("")
	if err != nil {
		b.Fatal(err)
	}
	const chats = 50
	for i := range int64(chats) {
		srv.Say(i+1, "hello")
	}
	body := js("chat_id", 7, "text", "🍳 <b>2 eggs</b> 143 kcal &amp; toast", "parse_mode", "HTML",
		"reply_markup", map[string]any{"inline_keyboard": [][]map[string]any{{{"text": "Undo", "callback_data": "undo:1"}}}})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
		defer client.CloseIdleConnections()
		for pb.Next() {
			resp, err := client.Post(url+"/bot"+token+"/sendMessage", "application/json", strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Errorf("status %d", resp.StatusCode)
				return
			}
		}
	})
}
