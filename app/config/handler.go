package config

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
)

// RedactingHandler is a slog.Handler that passes every record on with the secrets in
// its message and attributes replaced. It is the last defence: code that logs should
// not hold the secret in the first place. It is safe for concurrent use when the
// handler under it is.
type RedactingHandler struct {
	next   slog.Handler
	redact func(string) string
}

var _ slog.Handler = (*RedactingHandler)(nil)

// NewRedactingHandler puts redact, such as Redactor returns, before next.
func NewRedactingHandler(next slog.Handler, redact func(string) string) *RedactingHandler {
	return &RedactingHandler{next: next, redact: redact}
}

// Enabled asks the handler under it.
func (h *RedactingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes on a copy of the record without secrets.
func (h *RedactingHandler) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, h.redact(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))
		return true
	})
	return h.next.Handle(ctx, clean)
}

// WithAttrs cleans the attributes once, now.
func (h *RedactingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &RedactingHandler{next: h.next.WithAttrs(h.attrs(attrs)), redact: h.redact}
}

// WithGroup opens a group in the handler under it.
func (h *RedactingHandler) WithGroup(name string) slog.Handler {
	return &RedactingHandler{next: h.next.WithGroup(name), redact: h.redact}
}

func (h *RedactingHandler) attrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}
	return clean
}

func (h *RedactingHandler) attr(a slog.Attr) slog.Attr {
	return slog.Attr{Key: h.redact(a.Key), Value: h.value(a.Value.Resolve())}
}

func (h *RedactingHandler) value(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(h.redact(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(h.attrs(v.Group())...)
	case slog.KindAny:
		return h.any(v)
	default:
		return v
	}
}

// any keeps a value as it is unless one of the ways in which a handler may print it
// shows a secret; then it becomes the clean text. An error chain is one text.
func (h *RedactingHandler) any(v slog.Value) slog.Value {
	for _, text := range printed(v.Any()) {
		if clean := h.redact(text); clean != text {
			return slog.StringValue(clean)
		}
	}
	return v
}

func printed(value any) []string {
	switch value := value.(type) {
	case nil:
		return nil
	case error:
		return []string{fmt.Sprint(value), fmt.Sprintf("%+v", value)}
	case []byte:
		return []string{string(value)}
	}
	texts := []string{fmt.Sprintf("%+v", value)}
	if document, err := json.Marshal(value); err == nil {
		texts = append(texts, string(document))
	}
	if marshaler, ok := value.(encoding.TextMarshaler); ok {
		if text, err := marshaler.MarshalText(); err == nil {
			texts = append(texts, string(text))
		}
	}
	return texts
}
