package server

import (
	"context"
	"net/http"

	"healthagent/app/rehearsal/botapi"
	"healthagent/test/server/machine"
)

const (
	// token is the bot's: it must never be seen where others can look.
	token = "4711:AAE-very-secret-token-of-the-server-tests"
	// telegramAddr is where the server finds Telegram.
	telegramAddr = "127.0.0.1:8081"
	// admin is the administrator of the bot.
	admin = 900
)

// telegram is a simulated Telegram that a server reaches on its own loopback, while it lives out here: it forgets nothing when the
// server is killed.
type telegram struct {
	*botapi.Server
	door *http.Server // what listens in the server's network; nil: nothing
}

func newTelegram() *telegram {
	return &telegram{Server: botapi.New(botapi.Config{Token: token})}
}

// open has Telegram answer in the server's network, from the moment on at which that is there.
func (tg *telegram) open(m *machine.Machine) {
	m.Early = func(ctx context.Context) error {
		tg.closeDoor()
		listener, err := m.Listen(ctx, telegramAddr)
		if err != nil {
			return err
		}
		door := &http.Server{Handler: tg} //nolint:gosec // it is met by the bot only
		tg.door = door
		go func() { _ = door.Serve(listener) }()
		return nil
	}
}

func (tg *telegram) closeDoor() {
	if tg.door != nil {
		_ = tg.door.Close()
		tg.door = nil
	}
}

// close ends it all.
func (tg *telegram) close() {
	tg.closeDoor()
	tg.Close()
}

// wait waits for something that Telegram sees.
func (s *server) wait(what string, done func(*botapi.Transcript) bool) {
	s.t.Helper()
	if err := s.tg.Wait(s.ctx, done); err != nil {
		s.t.Fatalf("waiting until %s: %v", what, err)
	}
}

// killHard kills the server and boots it again.
func (s *server) killHard() {
	s.t.Helper()
	if err := s.Kill(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.Start(s.ctx); err != nil {
		s.t.Fatal(err)
	}
}

// reboot has the server reboot in order.
func (s *server) reboot() {
	s.t.Helper()
	if err := s.Reboot(s.ctx); err != nil {
		s.t.Fatal(err)
	}
}
