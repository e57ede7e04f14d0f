/**
 * What people, disks and networks do to a process: wrong settings, missing rights, damaged and foreign files, strangers'
 * bytes on every port. Each ends, or is refused, with one line and its exit code; nothing is damaged.
 */
package org.farshore.tests.hostile;
