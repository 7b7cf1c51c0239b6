package cli

import (
	"io"
	"log/slog"
	"os"

	"healthagent/app/config"
	"healthagent/systemd"
)

// logger is the log of a one-shot verb: warnings on standard error, and more when the
// operator set a level.
func (t *terminal) logger(cfg config.Config, report *config.Report) *slog.Logger {
	level := slog.LevelWarn
	if report.Source("HEALTHAGENT_LOG_LEVEL").Origin != config.Default {
		level = cfg.LogLevel
	}
	return redacting(plainHandler(t.errs, cfg.LogFormat, level), cfg)
}

// serviceLogger is the log of a verb that stays. Where standard error is the journal
// itself, lines carry their priority and leave the time to it.
func (t *terminal) serviceLogger(cfg config.Config) *slog.Logger {
	file, ok := t.errs.(*os.File)
	if ok && cfg.LogFormat == config.LogText && systemd.JournalStream(t.getenv, file) {
		return redacting(systemd.NewHandler(file, cfg.LogLevel), cfg)
	}
	return redacting(plainHandler(t.errs, cfg.LogFormat, cfg.LogLevel), cfg)
}

func plainHandler(w io.Writer, format config.LogFormat, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == config.LogJSON {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

func redacting(handler slog.Handler, cfg config.Config) *slog.Logger {
	return slog.New(config.NewRedactingHandler(handler, config.Redactor(cfg)))
}
