package doctor

import (
	"os"
	"testing"

	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
