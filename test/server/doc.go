// Package server holds the tests of the appliance: install.sh and what it leaves,
// on booted servers of the Debian releases that are supported.
//
// make test-server runs them. They need root, and about two gigabytes under
// HEALTHAGENT_TEST_SERVER_DIR; where they cannot run they say why and are skipped.
package server
