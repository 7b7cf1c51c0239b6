package telegram

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	const token = "4711000:a-token-of-nobody"
	status, body := http.StatusOK, `{"ok":true,"result":{"id":4711000,"username":"b"}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/bot"+token+"/getMe" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // whoever asked looks at it
	}))
	defer server.Close()
	me, err := Identify(t.Context(), server.URL+"/", token)
	if err != nil || me.ID != 4711000 || me.Username != "b" || me.Date.IsZero() {
		t.Errorf("%+v %v", me, err)
	}
	for _, c := range []struct {
		status int
		body   string
		text   string
	}{
		{http.StatusUnauthorized, `{"ok":false}`, ErrRevoked.Error()},
		{http.StatusNotFound, `{"ok":false}`, ErrRevoked.Error()},
		{http.StatusBadGateway, `<html>`, "502"},
		{http.StatusOK, `<html>`, "not JSON"},
		{http.StatusFound, ``, "302"},
	} {
		status, body = c.status, c.body
		_, err := Identify(t.Context(), server.URL, token)
		if err == nil || !strings.Contains(err.Error(), c.text) || errors.Is(err, ErrRevoked) != (c.text == ErrRevoked.Error()) {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
	server.Close()
	if _, err := Identify(t.Context(), server.URL, token); err == nil || strings.Contains(err.Error(), "nobody") {
		t.Errorf("of nobody: %v", err)
	}
	if _, err := Identify(t.Context(), "http://%zz", token); err == nil || strings.Contains(err.Error(), "nobody") {
		t.Errorf("of no address: %v", err)
	}
}
