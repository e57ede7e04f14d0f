/** A world so small that everything that can go wrong in it is tried, one thing after the other and two at a time. */
package org.farshore.tests.simulation.small;
