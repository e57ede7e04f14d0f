/**
 * The operator's commands to a running master target: recovery points, views, test failover, failover, commit, retention. They
 * run on the command thread, ask the threads that own what is asked for, and never wait for them.
 */
package org.farshore.dataplane.operate;
