//! The extracts: which agency delivers what, under which name, in which format, with which columns.

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// CSV in GB 18030.
    Gb,
    /// CSV in UTF-8.
    Utf8,
    /// CSV in UTF-8 with a byte order mark.
    Utf8Bom,
    /// Workbook with one sheet.
    Sheet,
    /// Workbook with a sheet per town, a title row and a 合计 row.
    TownSheets,
    /// One workbook per town.
    TownFiles,
    /// Workbook with a title row.
    Titled,
    /// Parquet.
    Columns,
}

impl Format {
    /// Whether it is a workbook.
    pub(crate) fn workbook(self) -> bool {
        matches!(self, Self::Sheet | Self::TownSheets | Self::TownFiles | Self::Titled)
    }
}

/// One extract.
pub(crate) struct Layout {
    /// Agency folder.
    pub(crate) agency: &'static str,
    /// Extract id.
    pub(crate) id: &'static str,
    /// Chinese name of the file.
    pub(crate) stem: &'static str,
    /// Format.
    pub(crate) format: Format,
    /// Column headings, separated by commas.
    pub(crate) columns: &'static str,
}

macro_rules! extracts {
    ($($name:ident $agency:literal $id:literal $stem:literal $format:ident $columns:literal;)*) => {
        /// The extracts, in the order in which they are written.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Extract { $($name,)* }
        /// Every extract.
        pub(crate) const ALL: &[Extract] = &[$(Extract::$name,)*];
        /// All extracts with their layouts, indexed by [`Extract`].
        pub(crate) const LAYOUTS: &[Layout] = &[
            $(Layout { agency: $agency, id: $id, stem: $stem, format: Format::$format, columns: $columns },)*
        ];
    };
}

extracts! {
    ChildRoster "civil-affairs" "child_roster" "儿童名册" TownSheets "序号,儿童编号,姓名,身份证号,性别,出生日期,民族,户口分类,户口性质,户籍地址,现住址,镇(街道),村(社区),儿童类别,健康状况,监护人姓名,监护人身份证号,监护人关系,监护人电话,父亲姓名,父亲身份证号,父亲情况,父亲情况起始日期,父亲情况截止日期,母亲姓名,母亲身份证号,母亲情况,母亲情况起始日期,母亲情况截止日期,就读学校,学业状况,登记日期,人员状态,享受状态,起领年月,末领年月,退出原因,超龄续发原因,风险等级,评估日期,儿童主任,责任单位";
    BenefitPayment "civil-affairs" "benefit_payment" "发放明细" Gb "发放编号,项目,姓名,身份证号,儿童编号,所属月份,发放日期,金额,领取人姓名,领取人身份证号,卡号,发放状态";
    SocialRelief "civil-affairs" "social_relief" "救助对象" Sheet "户编号,救助类别,姓名,身份证号,与户主关系,户主姓名,户主身份证号,镇(街道),村(社区),起保年月,停保年月,状态,月保障金额";
    DisabilitySubsidy "civil-affairs" "disability_subsidy" "两项补贴" Sheet "补贴编号,补贴类别,姓名,身份证号,残疾人证号,所属月份,金额,状态";
    VisitLog "civil-affairs" "visit_log" "走访记录" Utf8Bom "记录编号,儿童编号,姓名,身份证号,走访日期,走访类型,走访人,发现问题,独居";
    CareAgreement "civil-affairs" "care_agreement" "委托照护" Sheet "协议编号,儿童姓名,儿童身份证号,被委托人姓名,被委托人身份证号,签订日期,有效期至,状态";
    ChildDirector "civil-affairs" "child_director" "儿童主任" Sheet "姓名,身份证号,镇(街道),村(社区),任职状态,任职日期,最近培训日期";
    Adopted "civil-affairs" "adoption" "收养登记" Gb "登记号,被收养人姓名,被收养人身份证号,被收养人出生日期,收养人姓名,收养人身份证号,登记日期,登记类型";
    Cremation "civil-affairs" "cremation" "火化登记" Gb "火化编号,姓名,身份证号,性别,死亡日期,火化日期";
    StudentRoll "education" "student_roll" "学籍" TownFiles "学校标识码,学校名称,姓名,性别,出生日期,民族,身份证件类型,身份证件号,学籍号,曾用名,户口性质,户口所在地行政区划,现住址,年级,班号,入学年月,就读方式,学生来源,健康状况,残疾类型,随班就读,是否留守儿童,是否孤儿,是否享受一补,是否进城务工人员随迁子女,学生状态,成员1姓名,成员1关系,成员1身份证件号,成员1联系电话,成员1是否监护人,成员2姓名,成员2关系,成员2身份证件号,成员2联系电话,成员2是否监护人";
    RollChanged "education" "roll_change" "学籍异动" Utf8 "异动编号,学籍号,姓名,身份证件号,异动类型,异动日期,截止日期,原学校,目标学校";
    Absence "education" "absence" "缺勤" Utf8 "学籍号,姓名,日期,类型,请假依据";
    HomeTeaching "education" "home_teaching" "送教记录" Sheet "记录编号,学生姓名,身份证件号,学籍号,送教日期,教师,学校名称";
    Placed "education" "placement" "残疾儿童安置" Sheet "姓名,身份证号,残疾人证号,安置方式,学年,批准日期,到期日期,家庭是否自愿";
    DropoutLedger "education" "dropout_ledger" "控辍台账" Titled "序号,镇(街道),姓名,身份证号,学校名称,登记日期,类型,劝返次数,最近劝返日期,复学日期,状态,去向,证明有效期至";
    EducationAid "education" "education_aid" "教育资助" Sheet "姓名,身份证件号,学籍号,资助项目,学期,金额";
    Population "public-security" "population" "人口" Gb "人员编号,公民身份号码,姓名,曾用名,性别,民族,出生日期,户号,与户主关系,户籍地址,镇(街道),村(社区),户口性质,父亲姓名,父亲身份号码,母亲姓名,母亲身份号码,注销状态";
    DeathCancellation "public-security" "death_cancellation" "死亡注销" Gb "公民身份号码,姓名,性别,出生日期,死亡日期,死亡证明编号,受理日期";
    MoveOut "public-security" "move_out" "户籍迁出" Gb "公民身份号码,姓名,出生日期,迁出日期,迁往地,迁出类别";
    IdChange "public-security" "id_change" "变更更正" Gb "人员编号,变更类别,变更日期,变更前,变更后";
    BirthRegistration "public-security" "birth_registration" "出生登记" Gb "儿童姓名,儿童身份号码,性别,出生日期,父亲姓名,父亲身份号码,母亲姓名,母亲身份号码,登记日期";
    Residence "public-security" "residence" "居住登记" Gb "登记编号,姓名,证件号码,性别,出生日期,户籍地,居住地址,镇(街道),居住起始日期,随行儿童姓名,随行儿童证件号码,状态";
    Custody "public-security" "custody" "羁押强戒" Gb "编号,姓名,身份证号,措施类别,起始日期,期满日期,解除日期,有无未成年子女";
    MinorAlert "public-security" "minor_alert" "涉未警情" Gb "警情编号,姓名,身份证号,出生日期,警情类别,警情日期,是否已找回";
    DisabilityCard "disability-federation" "disability_card" "残疾人证" Sheet "残疾人证号,姓名,身份证号,性别,出生日期,残疾类别,残疾等级,首次发证日期,有效期至,证件状态,镇(街道),村(社区),监护人姓名,监护人电话";
    Rehabilitation "disability-federation" "rehabilitation" "康复救助" Sheet "姓名,身份证号,残疾人证号,机构,项目,开始日期,结束日期,金额";
    BasicSurvey "disability-federation" "basic_survey" "基本状况调查" Utf8 "姓名,残疾人证号,身份证号,是否上学,就读学校类型,未入学原因,调查年度";
    PrisonTerm "justice" "prison_term" "服刑人员" Gb "编号,姓名,身份证号,刑期起,刑期止,释放日期,执行方式";
    Judged "court" "judgment" "裁判文书" Gb "文书号,当事人姓名,当事人身份证号,事项,生效日期,关联儿童姓名,关联儿童身份证号";
    DeathCertificate "health" "death_certificate" "死亡医学证明" Utf8 "证明编号,姓名,身份证号,性别,死亡日期";
    NewbornScreening "health" "newborn_screening" "新生儿筛查" Utf8 "编号,母亲姓名,母亲身份证号,儿童姓名,出生日期,项目,结果,确诊日期,最近随访日期";
    SeriousIllness "medical-insurance" "serious_illness" "重病医保" Utf8 "姓名,身份证号,病种类别,首次结算日期,最近结算日期,自付金额";
    Insurance "human-resources" "insurance" "社保参保" Columns "姓名,身份证号,参保单位,参保起始,参保状态";
    EmergencyEvent "emergency" "event" "突发事件" Utf8 "事件编号,事件类别,日期,镇(街道),村(社区),伤亡人员姓名,伤亡人员身份证号";
}

impl Extract {
    /// Its position in [`LAYOUTS`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// Its layout.
    pub(crate) fn layout(self) -> &'static Layout {
        &LAYOUTS[self.index()]
    }

    /// The column of a heading; headings are written in the source, so they exist.
    pub(crate) fn column(self, heading: &str) -> usize {
        self.layout().columns.split(',').position(|c| c == heading).unwrap_or(usize::MAX)
    }
}
