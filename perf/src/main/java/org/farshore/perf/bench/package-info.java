/** JMH benchmarks of single stages; each stands beside a baseline that does nothing but move the bytes. */
package org.farshore.perf.bench;
