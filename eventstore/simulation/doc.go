// Package simulation is being written.
package simulation
