-- ---
-- title = "一行：一年级新生自9月1日起暂缓列出的月数。期内没有学籍的新生不列入清单"
-- [params]
-- hold_months = { default = 2, title = "一年级新生自9月1日起暂缓列出的月数（学籍办理期）", status = "design_choice" }
-- ---
SELECT $hold_months AS months
