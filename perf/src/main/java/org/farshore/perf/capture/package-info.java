/** What capture by eBPF costs the machine that writes: fio with and without it, in alternated rounds. */
package org.farshore.perf.capture;
