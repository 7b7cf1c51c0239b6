package doctor

// The unit files.
const (
	unitDir     = "/etc/systemd/system/"
	serviceUnit = "healthagent.service"
)
