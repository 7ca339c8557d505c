-- After-call work that an agent asks for while he is idle has settings of its own, and his own may be untimed (3.15).
ALTER TABLE agent ADD COLUMN wrap_up_untimed INTEGER NOT NULL DEFAULT 0; -- it ends only when he says so
ALTER TABLE agent ADD COLUMN manual_wrap_up_millis INTEGER NOT NULL DEFAULT 0; -- 0: as after a call; negative: untimed
ALTER TABLE agent ADD COLUMN manual_wrap_up_ready INTEGER NOT NULL DEFAULT 0; -- it leads to ready, not to the earlier state
