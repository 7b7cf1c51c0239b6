package botapi

import (
	"strings"
	"unicode/utf8"
)

// BotCommand is one line of the command menu.
type BotCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

const maxCommands = 100

// menuKey names the menu of a scope and a language.
func menuKey(p params) (string, error) {
	var scope struct {
		Type   string `json:"type"`
		ChatID any    `json:"chat_id"`
	}
	if _, err := p.object("scope", &scope); err != nil {
		return "", badRequest("can't parse BotCommandScope JSON object")
	}
	if scope.Type == "" || scope.Type == "default" {
		return "/" + p["language_code"], nil
	}
	return strings.TrimSpace(p["scope"]) + "/" + p["language_code"], nil
}

func (s *Server) setMyCommands(p params) (any, error) {
	key, err := menuKey(p)
	if err != nil {
		return nil, err
	}
	var menu []BotCommand
	if given, err := p.object("commands", &menu); err != nil || !given {
		return nil, badRequest("can't parse commands list JSON object")
	}
	if len(menu) > maxCommands {
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	}
	for i := range menu {
		menu[i].Command = strings.TrimPrefix(menu[i].Command, "/")
		if !validCommand(menu[i].Command) {
			return nil, badRequest("BOT_COMMAND_INVALID")
		}
		if n := utf8.RuneCountInString(menu[i].Description); n < 1 || n > 256 {
			return nil, badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands[key] = menu
	return true, nil
}

func validCommand(name string) bool {
	if len(name) < 1 || len(name) > 32 {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func (s *Server) getMyCommands(p params) (any, error) {
	key, err := menuKey(p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if menu := s.commands[key]; menu != nil {
		return menu, nil
	}
	return []BotCommand{}, nil
}

func (s *Server) deleteMyCommands(p params) (any, error) {
	key, err := menuKey(p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.commands, key)
	return true, nil
}

// Commands returns the command menu of the default scope for a language code
// ("" for everyone), empty when none was set.
func (s *Server) Commands(language string) []BotCommand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]BotCommand(nil), s.commands["/"+language]...)
}
